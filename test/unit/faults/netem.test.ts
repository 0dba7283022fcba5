import { expect, test } from 'vitest';
import { netemCommands } from '../../../src/faults/link-netem.ts';

const devices = [
  { netns: 'tl-1-fabric', device: 'l7-1', direction: 'to-node' },
  { netns: 'tl-1-l7-1', device: 'fabric', direction: 'from-node' },
] as const;
const seedsOf = (cable: string, seed: number): string[] =>
  netemCommands(cable, devices, { loss: 0.02 }, seed).map((line) => / seed (\d+) /.exec(line)?.[1] ?? 'none');

test('netem is told what to do and a seed, or the same without one where it takes none', () => {
  const options = { delay: 20, jitter: 5, loss: 0.02, burst: 4, rate: 1_500_000 };
  const [toNode = '', fromNode] = netemCommands('l7-1:fabric', devices, options, 42);
  const add =
    'tc -n tl-1-fabric qdisc replace dev l7-1 root netem limit 100000 delay 20000us 5000us ' +
    'loss gemodel 0.510204% 25% rate 1500000bit';
  expect(toNode.replace(/ seed \d+/, ' seed N')).toBe(`${add} seed N 2>/dev/null || ${add}`);
  expect(fromNode).toContain('tc -n tl-1-l7-1 qdisc replace dev fabric root netem');
});

test('the same seed hits the same packets of a cable again, of each direction and each cable others', () => {
  expect(seedsOf('l7-1:fabric', 42)).toEqual(seedsOf('l7-1:fabric', 42));
  const all = [...seedsOf('l7-1:fabric', 42), ...seedsOf('l7-2:fabric', 42), ...seedsOf('l7-1:fabric', 43)];
  expect(new Set(all).size).toBe(6);
  expect(all.every((seed) => Number(seed) >= 0 && Number(seed) < 2 ** 32)).toBe(true);
});
