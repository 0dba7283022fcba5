import { endpoint } from '../base/ip.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import { askParts, mostParts } from './ask-parts.ts';
import type { ExecIn } from './ask-routers.ts';
import { questionable, questionsOf, samplesOf } from './ask-ways.ts';
import type { HopsOf } from './ecmp.ts';
import type { Fabric } from './fabric.ts';
import { courseOf } from './predict.ts';
import type { ForetoldFlow, KnownWays } from './types.ts';

/**
 * Adds where in the range of its hash each flow lies, for the routers that get other next hops in the course of the timeline.
 * @returns `without`: why it could not be had of some, whose flows go here or there by chance then
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
    const { asked, own, fabric } = questionable(first.plan, flows, sample);
    const parts = partsNeeded(
      fabric,
      states.map((state) => places.hops(state, sample)),
    );
    await Promise.all(
      questionsOf(first.plan, fabric, (router) => parts.has(router)).map(async (question) => {
        const of = parts.get(question.router) ?? 1;
        const told = await askParts(exec, question, of, asked).catch((error: unknown) => {
          without.push(error instanceof Error ? error.message : String(error));
          return [];
        });
        for (const [i, part] of told.entries()) {
          const flow = own[i];
          if (flow === undefined) continue;
          const name = endpoint(flow.address, flow.port);
          const way = ways.get(name) ?? {};
          ways.set(name, { ...way, parts: { ...way.parts, [question.router]: { part, of } } });
        }
      }),
    );
  }
  return { ways, without };
}

/** By router: into how many parts the range of its hash must be told apart to know a flow's next hop in all states. Those that never change need none. */
function partsNeeded({ hops, resilient }: Fabric, states: readonly HopsOf[]): ReadonlyMap<string, number> {
  return new Map(
    [...hops.keys()].flatMap((router): [string, number][] => {
      const lists = states.map((hopsOf) => hopsOf(router)).filter(({ length }) => length > 0);
      const isSteady = lists.every((list) => list.join() === lists[0]?.join());
      const parts = lists.reduce((product, { length }) => leastCommonMultiple(product, length), 1);
      // With no other number of next hops the one that it has now says it all.
      const isEnough = isSteady || parts === lists[0]?.length;
      return isEnough || resilient.has(router) || parts > mostParts ? [] : [[router, parts]];
    }),
  );
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a * b) / divisor(a, b);
}
