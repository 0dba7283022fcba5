import { expect, test } from 'vitest';
import { WorldError } from '../../../src/base/errors.ts';
import type { Host } from '../../../src/hosts/contract.ts';
import { busyShare, parseProcessorTime, watchingProcessor } from '../../../src/lab/processor-time.ts';

const stat = (user: number, idle: number): string =>
  `cpu  ${user} 0 10 ${idle} 5 0 0 0 0 0\ncpu0 1 1 1 1 1 0 0 0 0 0\nctxt 7\n`;

test('the share of the time in which there was something to do', () => {
  const share = (a: string, b: string): number => busyShare(parseProcessorTime(a), parseProcessorTime(b));
  expect(share(stat(100, 50), stat(175, 75))).toBe(0.75);
  expect(share(stat(100, 50), stat(100, 50))).toBe(0);
});

/** A host on which nothing but that file is ever read. */
const hostWith = (...contents: string[]): Pick<Host, 'readFile'> => {
  const left = [...contents];
  return { readFile: () => Promise.resolve(left.shift() ?? '') };
};

const failing = (code: string) => (): Promise<never> =>
  Promise.reject(
    new WorldError('waited 30s for: node l7-1', { code, exitCode: 4, details: ['last seen: DOWN'] }),
  );

test('a lab that is not ready though its processor did nothing else tells so; one with time to spare, or another error, does not', async () => {
  const detailsOf = async (host: Pick<Host, 'readFile'>, code: string): Promise<readonly string[]> => {
    const error: unknown = await watchingProcessor(host, failing(code)).catch((caught: unknown) => caught);
    return error instanceof WorldError ? error.details : [];
  };
  const full = () => hostWith(stat(0, 0), stat(990, 5));
  expect((await detailsOf(full(), 'node-not-ready')).join()).toMatch(
    /^the processor was busy for 99 % of these .*,last seen: DOWN$/,
  );
  expect(await detailsOf(hostWith(stat(0, 0), stat(500, 500)), 'node-not-ready')).toEqual([
    'last seen: DOWN',
  ]);
  expect(await detailsOf(full(), 'daemon-exited')).toEqual(['last seen: DOWN']);
});
