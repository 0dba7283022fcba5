/**
 * A router's hash of a flow is secret, but a route tells where in its range it lies: one with so many next hops that each stands
 * for a part of the range. So what routers will do when they have other next hops can be asked today, of routers that are yet to come too.
 */
import { familyOf } from '../base/ip.ts';
import type { AskedFlow, ExecIn } from './ask-routers.ts';
import { hashFrame } from './hash-frame.ts';
import { hashScript } from './hash-script.ts';

export interface HashQuestion {
  readonly router: string;
  /** Its `fib_multipath_hash_fields`. */
  readonly mask: number;
  /** Into how many the range is divided: from 2 to `mostParts`. */
  readonly parts: number;
}

/** More parts than that are not told apart. */
export const mostParts = 120;

/**
 * One process for all questions; 500 flows and three routers take a guest half a second.
 * @param node where that process begins: any one, whose kernel it is that matters
 * @param flows all of one family
 * @returns by router the part in which each flow lies, from 0; in the flows' order
 * @throws Error if the kernel does not answer for every flow
 */
export async function askParts(
  exec: ExecIn,
  node: string,
  questions: readonly HashQuestion[],
  flows: readonly AskedFlow[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const [first] = flows;
  if (first === undefined || questions.length === 0) return new Map();
  const { stdout, stderr } = await exec(
    node,
    [
      'perl',
      '-e',
      hashScript,
      familyOf(first.vip),
      ...questions.map(({ mask, parts }) => `${mask}:${parts}`),
    ],
    { input: flows.map((flow, i) => `${hashFrame(flow, i)}\n`).join('') },
  );
  const lines = stdout.split('\n');
  return new Map(
    questions.map(({ router }, i) => {
      const told = (lines[i] ?? '').split(' ').filter((word) => word !== '');
      if (told.length !== flows.length)
        throw new Error(
          `the kernel told ${router}'s hash of ${told.length} of ${flows.length} flows: ${stderr.trim()}`,
        );
      return [router, told.map(Number)];
    }),
  );
}
