import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { ForetoldFlows, PredictionEvent } from '../verdict/history.ts';
import { askHashes } from './ask-hashes.ts';
import type { ExecIn } from './ask-routers.ts';
import { predict } from './predict.ts';
import type { ForetoldFlow, KnownWays } from './types.ts';
import { unasked } from './why.ts';

/**
 * Foretells which flows a scenario will break and move: the routers of the live lab said while all was well which next hop
 * each flow has (`askWays`); where the timeline gives them other next hops, they are asked for their hash as well. The rest follows from the plan.
 * @param plans what the lab is, one after another
 * @returns one event a traffic that holds connections; where a router cannot say it, with the reason and nothing foretold
 */
export async function foretell(
  scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'>,
  plans: readonly Plan[],
  flows: readonly ForetoldFlow[],
  {
    ways: asked,
    exec,
    now,
  }: { readonly ways: Promise<KnownWays>; readonly exec: ExecIn; readonly now: () => number },
): Promise<readonly PredictionEvent[]> {
  try {
    const said = await asked;
    const { ways, without } = await askHashes(scenario, plans, flows, said, exec);
    const { sets, entries } = predict(scenario, plans, flows, ways);
    const reasons = entries.flatMap((entry) => entry.why).filter((reason) => reason !== unasked);
    const why = [...new Set([...reasons, ...without])];
    return sets.map((set) => ({ type: 'prediction', t: now(), ...set, why }));
  } catch (error) {
    const unknowable = reasonOf(error);
    const traffics = [...new Set(flows.map(({ traffic }) => traffic))];
    return traffics.map((traffic) => ({
      type: 'prediction',
      t: now(),
      traffic,
      flows: flows.filter((flow) => flow.traffic === traffic).length,
      broken: nothing,
      moved: nothing,
      why: [],
      unknowable,
    }));
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const nothing: ForetoldFlows = { must: [], may: [], unsaid: [], least: 0, most: 0 };
