import { addressesOf } from '../base/families.ts';
import { endpoint, familyOf } from '../base/ip.ts';
import type { Scenario } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { ForetoldFlows, PredictionEvent } from '../verdict/history.ts';
import { askRouters, type ExecIn } from './ask-routers.ts';
import { type Fabric, fabricOf } from './fabric.ts';
import { predict } from './predict.ts';
import { serviceFor } from './scheduler.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

/**
 * Foretells which flows a scenario will break and move: the routers of the live lab said while all was well which next hop
 * each flow has (`askWays`), the rest follows from the plan.
 * @param plans what the lab is, one after another
 * @returns one event a traffic that holds connections; where a router cannot say it, with the reason and nothing foretold
 */
export async function foretell(
  scenario: Pick<Scenario, 'timeline' | 'durationMs' | 'traffic'>,
  plans: readonly Plan[],
  flows: readonly ForetoldFlow[],
  { ways: asked, now }: { readonly ways: Promise<KnownWays>; readonly now: () => number },
): Promise<readonly PredictionEvent[]> {
  try {
    const ways = await asked;
    const { sets, entries } = predict(scenario, plans, flows, ways);
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

/** The names of the nodes on each flow's way, from the client on, as far as it is known; by `address:port`. */
export function waysTaken(
  plan: Plan,
  flows: readonly ForetoldFlow[],
  known: KnownWays,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    flows.map(({ address, port, client, service }): [string, readonly string[]] => {
      const name = endpoint(address, port);
      const vip = serviceFor(plan, service, address)?.vip ?? '';
      const { hops, ends } = fabricOf(plan, vip, client);
      const said = known.get(name)?.hops ?? {};
      const way = [client];
      for (let at = client; !ends.has(at); ) {
        const all = hops.get(at) ?? [];
        const next = said[at] ?? (all.length === 1 ? all[0] : undefined);
        if (next === undefined || next === '' || way.includes(next)) break;
        way.push(next);
        at = next;
      }
      return [name, way];
    }),
  );
}

const nothing: ForetoldFlows = { must: [], may: [], unsaid: [], least: 0, most: 0 };

/**
 * The next hop of every flow of IPv4 at each router that has a choice, whether the flow comes by there or not. Of IPv6 routers say
 * nothing that holds (`askRouters`): what is known of such flows is where they were seen.
 * @throws Error if a router does not answer for every flow; `lenient`: such a router (a dead one) is left out instead
 */
export async function askWays(
  plan: Plan,
  flows: readonly ForetoldFlow[],
  exec: ExecIn,
  { lenient = false } = {},
): Promise<KnownWays> {
  const known = new Map<string, KnownWay>();
  const askable = flows.filter(({ address }) => familyOf(address) === 'ipv4');
  for (const { client, service, address: from } of distinct(askable)) {
    const target = serviceFor(plan, service, from);
    if (target === undefined) throw new Error(`no service ${service} in the plan for ${from}`);
    const own = askable.filter((flow) => flow.client === client && flow.service === service);
    const questions = questionsOf(plan, fabricOf(plan, target.vip, client));
    const asked = own.map(({ address, port }) => ({ address, port, vip: target.vip, vipPort: target.port }));
    const all = questions.map(async (question) => {
      const answer = askRouters(exec, [question], asked);
      return [...(await (lenient ? answer.catch(() => []) : answer))];
    });
    const answers = (await Promise.all(all)).flat();
    const names = new Map(
      plan.nodes.flatMap(({ name, interfaces }) =>
        interfaces.flatMap((each) => addressesOf(each).map(({ address }) => [address, name] as const)),
      ),
    );
    for (const [i, { address, port }] of own.entries()) {
      const hops = answers.map(([router, all]): [string, string] => [router, names.get(all[i] ?? '') ?? '']);
      known.set(endpoint(address, port), { hops: Object.fromEntries(hops) });
    }
  }
  return known;
}

/** Where routers did not say it, the L4 node on which a flow was seen. @param seen by `address:port` of the client */
export const withSightings = (
  known: KnownWays,
  flows: readonly ForetoldFlow[],
  seen: (client: string) => { readonly l4: string } | undefined,
): KnownWays =>
  new Map([
    ...flows.flatMap(({ address, port }): [string, KnownWay][] => {
      const client = endpoint(address, port);
      const l4 = seen(client)?.l4;
      return l4 === undefined ? [] : [[client, { l4 }]];
    }),
    ...known,
  ]);

/** A flow for each client and service. */
function distinct(flows: readonly ForetoldFlow[]): readonly ForetoldFlow[] {
  const byName = new Map(flows.map((flow) => [`${flow.client} ${flow.service}`, flow]));
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
