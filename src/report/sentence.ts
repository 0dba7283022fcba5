/** The result in one sentence, shared by all reports that people read. */
import { formatMeasured, type Judgement, type ScenarioResult } from '../verdict/index.ts';

/** "250 of 500 connections moved, none broke; in the control (l4.sloppy_tcp: false) 226 broke". */
export function sentence({ main, control }: ScenarioResult): string {
  if (!main.steady.reached) return 'nothing was shown: there was no steady state to break';
  const telling = tellingOf(main, control);
  const run = outcome(main, telling, inFull);
  if (control === undefined) return run;
  if (!control.steady.reached) return `${run}; the control never reached its steady state`;
  return `${run}; in the control (${protectionOff(control)}) ${outcome(control, telling, inShort)}`;
}

/** What the connections that moved and broke do not tell. */
interface Telling {
  /** Some request failed, with or without the protection, or there was nothing else. */
  readonly requests: boolean;
  /** Neither run lost anything: what differs is how long people waited. */
  readonly waits: boolean;
}

function tellingOf(main: Judgement, control: Judgement | undefined): Telling {
  const runs = control === undefined ? [main] : [main, control];
  const failed = runs.some((run) => requestsOf(run).some(({ errors }) => errors > 0));
  const broke = runs.some((run) => heldOf(run).some(({ broken }) => broken > 0));
  return {
    requests: failed || heldOf(main).length === 0,
    waits: control !== undefined && !failed && !broke,
  };
}

function outcome(
  run: Judgement,
  { requests, waits }: Telling,
  wording: (figures: HeldFigures) => string,
): string {
  const held = heldOf(run).map((figures) => {
    const longest = formatMeasured(figures.longestMs, 'duration');
    return waits ? `${wording(figures)}, the longest wait ${longest}` : wording(figures);
  });
  const answered = requestsOf(run).map(({ count, errors }) => `${none(errors)} of ${count} requests failed`);
  return [...held, ...(requests ? answered : [])].join(held.length > 1 ? '; ' : ', ');
}

const inFull = ({ all, name, moved, broken }: HeldFigures): string =>
  moved === null
    ? `${none(broken)} of ${all} ${name}connections broke`
    : `${moved} of ${all} ${name}connections moved, ${none(broken)} broke`;

/** Of the control. Where it broke none either, what differs is how many had to move. */
const inShort = ({ name, moved, broken }: HeldFigures): string =>
  broken === 0 && moved
    ? `${moved} ${name === '' ? '' : `${name}connections `}moved, none broke`
    : `${none(broken)} ${name === '' ? '' : `${name}connections `}broke`;

/** What the control switched off or left out: "topology three-tier", "l4.sloppy_tcp: false", "bfd: false on r, l4", "no drain-l4". */
export function protectionOff({ topology, set, skip = [] }: Judgement): string {
  const places = new Map<string, string[]>();
  for (const [key, value] of Object.entries(set)) {
    const dot = key.indexOf('.');
    const text = `${key.slice(dot + 1)}: ${typeof value === 'string' ? value : JSON.stringify(value)}`;
    places.set(text, [...(places.get(text) ?? []), key.slice(0, Math.max(0, dot))]);
  }
  const changes = [...places].map(([text, [first = '', ...others]]) => {
    if (others.length > 0) return `${text} on ${[first, ...others].join(', ')}`;
    return first === '' ? text : `${first}.${text}`;
  });
  const other = topology === undefined ? [] : [`topology ${topology}`];
  const all = [...other, ...changes, ...skip.map((name) => `no ${name}`)];
  return all.length === 0 ? 'the protection off' : all.join(', ');
}

interface HeldFigures {
  /** Of the traffic, with a blank; empty if there is no other of the kind. */
  readonly name: string;
  readonly all: number;
  /** null: not known. */
  readonly moved: number | null;
  readonly broken: number;
  readonly longestMs: number;
}

function heldOf({ traffic, metrics }: Judgement): HeldFigures[] {
  const held = traffic.filter(({ type }) => type === 'held-tcp');
  return held.map(({ name }) => {
    const { connections, moved, broken, 'blackout.max': longestMs } = metrics[name] ?? {};
    return {
      name: held.length > 1 ? `${name} ` : '',
      all: connections ?? 0,
      moved: moved ?? null,
      broken: broken ?? 0,
      longestMs: longestMs ?? 0,
    };
  });
}

function requestsOf({ traffic, metrics }: Judgement): { count: number; errors: number }[] {
  return traffic
    .filter(({ type }) => type === 'http')
    .map(({ name }) => ({ count: metrics[name]?.requests ?? 0, errors: metrics[name]?.errors ?? 0 }));
}

const none = (count: number): string => (count === 0 ? 'none' : String(count));
