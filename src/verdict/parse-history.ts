import type { HistoryEvent } from './history.ts';

/** The text is no history, or of a format that this version does not read. `line` counts from 1. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly line: number;
  readonly what: string;

  constructor(line: number, what: string, file?: string) {
    super(`${file === undefined ? '' : `${file}: `}line ${line} ${what}`);
    this.line = line;
    this.what = what;
  }
}

/** A line that is no event. What it would have said is lost, so the verdict is unknown. */
export interface CorruptLine {
  readonly type: 'corrupt';
  /** From 1. */
  readonly line: number;
  /** The text ended in the middle of the line: the recorder was cut off while writing. */
  readonly torn: boolean;
  /** Its beginning. */
  readonly text: string;
}

export type ParsedLine = HistoryEvent | CorruptLine;

/** Events as they come, or many at a time: waiting for each one costs more than reading it. */
export type EventSource =
  | AsyncIterable<ParsedLine | readonly ParsedLine[]>
  | Iterable<ParsedLine | readonly ParsedLine[]>;

export const isMany = (events: ParsedLine | readonly ParsedLine[]): events is readonly ParsedLine[] =>
  Array.isArray(events);

/**
 * Reads a history from chunks of its text, in whatever pieces they come (a read stream of the file will do), and gives
 * the lines of each chunk. Lines that are no event come as such, in their place.
 */
export async function* parseHistory(
  chunks: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
): AsyncGenerator<readonly ParsedLine[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  for await (const chunk of chunks) {
    const text = rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
    const events: ParsedLine[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      line += 1;
      if (end > start) events.push(parseLine(text.slice(start, end), line, false));
      start = end + 1;
    }
    rest = text.slice(start);
    yield events;
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield [parseLine(rest, line + 1, true)];
}

function parseLine(text: string, line: number, torn: boolean): ParsedLine {
  try {
    const value: unknown = JSON.parse(text);
    if (isEvent(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { type: 'corrupt', line, torn, text: text.slice(0, 60) };
}

/** Histories are written by this program: the type and time tell events from damage, the rest is taken as it is. */
function isEvent(value: unknown): value is HistoryEvent {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('t' in value)) return false;
  return typeof value.type === 'string' && value.type !== 'corrupt' && Number.isFinite(value.t);
}
