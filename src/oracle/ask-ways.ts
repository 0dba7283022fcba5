/** What the routers of a live lab say of flows. */
import { addressesOf } from '../base/families.ts';
import { endpoint, familyOf } from '../base/ip.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import { type AskedFlow, askRouters, type ExecIn, type Question } from './ask-routers.ts';
import { askSix } from './ask-six.ts';
import { type Fabric, fabricOf } from './fabric.ts';
import { serviceFor } from './scheduler.ts';
import type { ForetoldFlow, KnownWay, KnownWays } from './types.ts';

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

/**
 * The next hop of every flow at each router that has a choice, whether the flow comes by there or not.
 * @throws Error if a router does not answer for every flow of IPv4; `lenient`: such a router (a dead one) is left out instead, as it always
 * is with IPv6
 */
export async function askWays(
  plan: Plan,
  flows: readonly ForetoldFlow[],
  exec: ExecIn,
  { lenient = false } = {},
): Promise<KnownWays> {
  const known = new Map<string, KnownWay>();
  for (const sample of samplesOf(flows)) {
    const { asked, own, fabric } = questionable(plan, flows, sample);
    const questions = questionsOf(plan, fabric, (router) => (fabric.hops.get(router)?.length ?? 0) > 1);
    const answers =
      familyOf(sample.address) === 'ipv4'
        ? await askFour(exec, questions, asked, lenient)
        : [...(await askSix(exec, sample.client, routersOf(plan, questions), asked))];
    const names = new Map(
      plan.nodes.flatMap(({ name, interfaces }) =>
        interfaces.flatMap((each) => addressesOf(each).map(({ address }) => [address, name] as const)),
      ),
    );
    for (const [i, { address, port }] of own.entries()) {
      const hops = answers.map(([router, all]): [string, string] => [router, names.get(all[i] ?? '') ?? '']);
      if (hops.length > 0) known.set(endpoint(address, port), { hops: Object.fromEntries(hops) });
    }
  }
  return known;
}

async function askFour(
  exec: ExecIn,
  questions: readonly Question[],
  asked: readonly AskedFlow[],
  lenient: boolean,
): Promise<readonly (readonly [string, readonly string[]])[]> {
  const all = questions.map(async (question) => {
    const answer = askRouters(exec, [question], asked);
    return [...(await (lenient ? answer.catch(() => []) : answer))];
  });
  return (await Promise.all(all)).flat();
}

const routersOf = ({ nodes }: Plan, questions: readonly Question[]): PlannedNode[] =>
  nodes.filter(({ name }) => questions.some(({ router }) => router === name));

/** Where routers did not say it, or not all of it, the L4 node on which a flow was seen. @param seen by `address:port` of the client */
export const withSightings = (
  known: KnownWays,
  flows: readonly ForetoldFlow[],
  seen: (client: string) => { readonly l4: string } | undefined,
): KnownWays =>
  new Map([
    ...known,
    ...flows.flatMap(({ address, port }): [string, KnownWay][] => {
      const client = endpoint(address, port);
      const l4 = seen(client)?.l4;
      const said = known.get(client);
      return l4 === undefined || (said !== undefined && familyOf(address) === 'ipv4')
        ? []
        : [[client, { ...said, l4 }]];
    }),
  ]);

/** A flow for each client, service and family. */
export const samplesOf = (flows: readonly ForetoldFlow[]): readonly ForetoldFlow[] => [
  ...new Map(flows.map((flow) => [likenessOf(flow), flow])).values(),
];

const likenessOf = ({ client, service, address }: ForetoldFlow): string =>
  `${client} ${service} ${familyOf(address)}`;

/** The flows that are like that one, as routers are asked for them. @throws Error if the plan has no such service */
export function questionable(
  plan: Plan,
  flows: readonly ForetoldFlow[],
  sample: ForetoldFlow,
): { asked: readonly AskedFlow[]; own: readonly ForetoldFlow[]; fabric: Fabric } {
  const { client, service, address: from } = sample;
  const target = serviceFor(plan, service, from);
  if (target === undefined) throw new Error(`no service ${service} in the plan for ${from}`);
  const own = flows.filter((flow) => likenessOf(flow) === likenessOf(sample));
  const asked = own.map(({ address, port }) => ({ address, port, vip: target.vip, vipPort: target.port }));
  return { asked, own, fabric: fabricOf(plan, target.vip, client) };
}

/** Routers, each with an interface through which packets to the VIP come in. */
function questionsOf(
  plan: Plan,
  { hops }: Fabric,
  isAsked: (router: string) => boolean,
): readonly Question[] {
  return plan.nodes
    .filter(({ name, kind }) => kind === 'bird' && isAsked(name))
    .flatMap(({ name, interfaces }) => {
      const before = plan.nodes.filter((node) => hops.get(node.name)?.includes(name));
      const networks = new Set(before.flatMap((node) => node.interfaces.map(({ network }) => network)));
      const entrance = interfaces.find(({ network }) => networks.has(network));
      return entrance === undefined ? [] : [{ router: name, interface: entrance.name }];
    });
}
