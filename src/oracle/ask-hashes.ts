import { endpoint } from '../base/ip.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import { askParts, type HashQuestion, mostParts } from './ask-parts.ts';
import type { ExecIn } from './ask-routers.ts';
import { questionable, samplesOf } from './ask-ways.ts';
import type { HopsOf } from './ecmp.ts';
import { groupOf } from './fabric.ts';
import { courseOf } from './predict.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

/**
 * Adds where in the range of its hash each flow lies, for the routers whose next hop cannot be told without: those that get other next hops
 * in the course of the timeline, those that are yet to come, and those that could not say it themselves.
 * @returns `without`: why it could not be had, so that flows go here or there by chance
 */
export async function askHashes(
  scenario: Pick<Scenario, 'timeline' | 'durationMs'>,
  plans: readonly Plan[],
  flows: readonly ForetoldFlow[],
  known: KnownWays,
  exec: ExecIn,
): Promise<{ readonly ways: KnownWays; readonly without: readonly string[] }> {
  const { places, states, first } = courseOf(scenario, plans, flows, known);
  const ways = new Map(known);
  const without: string[] = [];
  for (const sample of samplesOf(flows)) {
    const { asked, own } = questionable(first.plan, flows, sample);
    const questions = questionsAbout(
      plans,
      states.map((state) => places.hops(state, sample)),
      known.get(nameOf(sample)),
    );
    const told = await askParts(exec, sample.client, questions, asked).catch((error: unknown) => {
      without.push(error instanceof Error ? error.message : String(error));
      return new Map<string, readonly number[]>();
    });
    for (const [i, flow] of own.entries()) {
      const parts = questions.flatMap(({ router, parts: of }) => {
        const part = told.get(router)?.[i];
        return part === undefined ? [] : [[router, { part, of }] as const];
      });
      if (parts.length > 0)
        ways.set(nameOf(flow), { ...ways.get(nameOf(flow)), parts: Object.fromEntries(parts) });
    }
  }
  return { ways, without };
}

const nameOf = ({ address, port }: ForetoldFlow): string => endpoint(address, port);

/** Into how many parts the range of each router's hash must be told apart to know a flow's next hop in all states. @param said by the routers of such a flow */
function questionsAbout(
  plans: readonly Plan[],
  states: readonly HopsOf[],
  said: KnownWay | undefined,
): readonly HashQuestion[] {
  const routers = new Map(
    plans.flatMap(({ nodes }) =>
      nodes.filter(({ kind }) => kind === 'bird').map((node) => [node.name, node]),
    ),
  );
  return [...routers.values()].flatMap((node): HashQuestion[] => {
    const { name: router, hashFields: mask } = node;
    const lists = states.map((hopsOf) => hopsOf(router)).filter(({ length }) => length > 0);
    const parts = lists.reduce((product, { length }) => leastCommonMultiple(product, length), 1);
    const isSteady = lists.every((list) => list.join() === lists[0]?.join());
    // With no other number of next hops the one that it has now says it all.
    const isSaid = said?.hops?.[router] !== undefined && (isSteady || parts === lists[0]?.length);
    const isOpen = parts > 1 && parts <= mostParts && !isSaid && groupOf(node) !== 'resilient';
    return isOpen ? [{ router, mask, parts }] : [];
  });
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a * b) / divisor(a, b);
}
