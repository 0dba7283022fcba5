import { expect, test } from 'vitest';
import { HistoryError, judge, type ParsedLine, parseHistory } from '../../../src/verdict/index.ts';
import { buildHistory, toText } from './build-history.ts';

test('a history reads the same in whatever pieces it comes, also when they split a character', async () => {
  const events = buildHistory({ crash: { evidence: 'Prozeß weg ✓ 🚦' } });
  const bytes = new TextEncoder().encode(toText(events));
  for (const size of [1, 7, 100, 4096, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
    expect(await lines(chunks)).toEqual(events);
  }
});

test('a last line without a newline is an event if it is whole, and torn if it is not', async () => {
  const whole = '{"type":"phase","t":1,"phase":"end"}';
  expect(await lines([whole])).toEqual([{ type: 'phase', t: 1, phase: 'end' }]);
  expect(await lines([whole.slice(0, -3)])).toEqual([
    { type: 'corrupt', line: 1, torn: true, text: whole.slice(0, -3) },
  ]);
});

test.each([
  'not json',
  '[]',
  'null',
  '7',
  '{}',
  '{"type":"beat"}',
  '{"type":"beat","t":"now"}',
  '{"type":1,"t":1}',
])('the line %s is no event, and is reported with its number', async (text) => {
  expect(await lines([`{"type":"phase","t":1,"phase":"end"}\n\n${text}\n`])).toEqual([
    expect.anything(),
    { type: 'corrupt', line: 3, torn: false, text },
  ]);
});

test.each([
  ['an empty file', '', 'line 1 is missing: the history is empty'],
  [
    'a file of another kind',
    'name: an L4 node crashes\n',
    'line 1 is no run event: this is no history of tierlab',
  ],
  [
    'a run that was interrupted before it began',
    '{"type":"phase","t":1,"phase":"interrupted"}\n',
    'line 1 is no run event: the run was interrupted while its lab came up',
  ],
  ['a history without its beginning', '{"type":"phase","t":1,"phase":"end"}\n', 'line 1 is no run event'],
  [
    'a format of the future',
    '{"type":"run","t":1,"format":2}\n',
    'line 1 has format 2: this version of tierlab reads format 1',
  ],
  ['two histories in one', toText([...buildHistory(), ...buildHistory()]), 'is followed by another run'],
])('%s is an error, not a verdict', async (_, text, message) => {
  await expect(judge(parseHistory([text]))).rejects.toThrow(message);
  await expect(judge(parseHistory([text]))).rejects.toBeInstanceOf(HistoryError);
});

async function lines(chunks: readonly (string | Uint8Array)[]): Promise<ParsedLine[]> {
  const all: ParsedLine[] = [];
  for await (const some of parseHistory(chunks)) all.push(...some);
  return all;
}
