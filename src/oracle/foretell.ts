import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { ForetoldFlows, PredictionEvent } from '../verdict/history.ts';
import { askRouters, type ExecIn } from './ask-routers.ts';
import { type Fabric, fabricOf } from './fabric.ts';
import { predict } from './predict.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

/**
 * Foretells of a live lab, while all is well, which flows a scenario will break and move: the routers say which next hop
 * each flow has, the rest follows from the plan.
 * @returns one event a traffic that holds connections; where a router cannot say it, with the reason and nothing foretold
 */
export async function foretell(
  scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'>,
  plan: Plan,
  flows: readonly ForetoldFlow[],
  { exec, now }: { readonly exec: ExecIn; readonly now: () => number },
): Promise<readonly PredictionEvent[]> {
  try {
    const ways = await askWays(plan, flows, exec);
    const { sets, entries } = predict(scenario, plan, flows, ways);
    const why = [...new Set(entries.flatMap((entry) => entry.why))];
    return sets.map((set) => ({ type: 'prediction', t: now(), ...set, why }));
  } catch (error) {
    const unknowable = error instanceof Error ? error.message : String(error);
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

const nothing: ForetoldFlows = { must: [], may: [], unsaid: [], least: 0, most: 0 };

/**
 * The next hop of every flow at each router that has a choice, whether the flow comes by there or not.
 * @throws Error if a router does not answer for every flow
 */
async function askWays(plan: Plan, flows: readonly ForetoldFlow[], exec: ExecIn): Promise<KnownWays> {
  const known = new Map<string, KnownWay>();
  for (const { client, service } of distinct(flows)) {
    const target = plan.services.find(({ name }) => name === service);
    if (target === undefined) throw new Error(`no service ${service} in the plan`);
    const own = flows.filter((flow) => flow.client === client && flow.service === service);
    const questions = questionsOf(plan, fabricOf(plan, target.vip, client));
    const answers = await askRouters(
      exec,
      questions,
      own.map(({ address, port }) => ({ address, port, vip: target.vip, vipPort: target.port })),
    );
    const names = new Map(
      plan.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ address }) => [address, name])),
    );
    for (const [i, { address, port }] of own.entries()) {
      const hops = [...answers].map(([router, all]): [string, string] => [
        router,
        names.get(all[i] ?? '') ?? '',
      ]);
      known.set(`${address}:${port}`, { hops: Object.fromEntries(hops) });
    }
  }
  return known;
}

function distinct(flows: readonly ForetoldFlow[]): readonly Pick<ForetoldFlow, 'client' | 'service'>[] {
  const byName = new Map(flows.map(({ client, service }) => [`${client} ${service}`, { client, service }]));
  return [...byName.values()];
}

/** Routers with a choice, each with an interface through which packets to the VIP come in. */
function questionsOf(plan: Plan, { hops }: Fabric): { router: string; interface: string }[] {
  return plan.nodes
    .filter(({ name, kind }) => kind === 'bird' && (hops.get(name)?.length ?? 0) > 1)
    .flatMap(({ name, interfaces }) => {
      const before = plan.nodes.filter((node) => hops.get(node.name)?.includes(name));
      const networks = new Set(before.flatMap((node) => node.interfaces.map(({ network }) => network)));
      const entrance = interfaces.find(({ network }) => networks.has(network));
      return entrance === undefined ? [] : [{ router: name, interface: entrance.name }];
    });
}
