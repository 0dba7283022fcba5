import { expect, test } from 'vitest';
import { tierlab } from './run-cli.ts';

interface Forecast {
  readonly seed: number;
  readonly main: {
    readonly flows: readonly unknown[];
    readonly total: readonly { readonly broken: unknown }[];
  };
  readonly control: { readonly total: readonly { readonly broken: { least: number; most: number } }[] };
}

const predict = (...args: string[]): Forecast =>
  JSON.parse(tierlab(['--format', 'json', 'predict', 'labs/01-l4-crash', ...args]).stdout);

test('the crash of an L4 node is foretold to break nothing, and its control to break about half', () => {
  const { seed, main, control } = predict();
  expect(seed).toBe(42);
  expect(main.flows).toHaveLength(500);
  expect(main.total[0]?.broken).toEqual({ least: 0, most: 0 });
  expect(control.total[0]?.broken.least).toBeGreaterThan(200);
  expect(control.total[0]?.broken.most).toBeLessThan(300);
});

test('the seed chooses the flows', () => {
  expect(predict('--seed', '42').main.flows).toEqual(predict().main.flows);
  expect(predict('--seed', '43').main.flows).not.toEqual(predict().main.flows);
});

test('a forecast can be read', () => {
  const { exitCode, stdout } = tierlab(['predict', 'labs/01-l4-crash']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^1s +crash +node\.crash l4-1 +held +500 +\d+–\d+ +\d+–\d+ +0 +0 +0$/m);
  expect(stdout).toContain('Control: l4.sloppy_tcp = false');
  expect(stdout).toContain('crash: all L4 nodes compute the same table');
});

test('of a tier that is scaled it says who joins and leaves, and of a rolling action each step', () => {
  expect(tierlab(['predict', 'labs/06-two-tiers-at-once']).stdout).toMatch(
    /^1s +proxy +join l7-4 +held +300 +0 /m,
  );
  const { stdout } = tierlab(['predict', 'labs/07-drain/balancers.yaml']);
  expect(stdout).toMatch(
    / drain l4-1 +held.*\n.* node\.restart l4-1 +held.*\n.* boot l4-1 +held.*\n.* undrain l4-1 /,
  );
  expect(stdout).toMatch(/ leave l4-2 +held/);
});

test('where nothing is held there is nothing to foretell of the control either', () => {
  const { stdout } = tierlab(['predict', 'labs/07-drain/all-tiers.yaml']);
  expect(stdout).toContain('nothing to foretell');
  expect(stdout).not.toContain('Control');
});

test('what is no scenario is refused', () => {
  expect(tierlab(['predict', 'topologies/three-tier.yaml']).exitCode).toBe(2);
});
