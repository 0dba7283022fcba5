import { clientPorts } from '../base/client-ports.ts';
import { InputError } from '../base/errors.ts';
import { addressesOf, familyName, inFamily } from '../base/families.ts';
import {
  type Address,
  endpoint,
  type Family,
  familyOf,
  formatAddress,
  hostAddress,
  parseAddress,
  parseSubnet,
  usableHosts,
} from '../base/ip.ts';
import { type Random, seeded } from '../base/random.ts';
import type { ScenarioTraffic } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { HeldFlow, HeldJob, HttpJob, SourceWalk, TrafficJob } from './contract.ts';

export {
  isKept,
  noteInHistory,
  readTraffic,
  type TrafficByHand,
  writeTraffic,
} from './by-hand.ts';
export type { TrafficJob } from './contract.ts';
export { heldFlows, type SeededFlow } from './held-flows.ts';
export { NodeWatch } from './node-watch.ts';
export { PathWatch } from './path-watch.ts';
export { openRecorder, type Recorder } from './recorder.ts';
export { startTraffic, type TrafficSession } from './session.ts';
export { SteadyWatch } from './steady.ts';
export { type Trouble, TroubleWatch } from './trouble-watch.ts';

export interface TrafficOptions {
  /** Held connections opened a second, by all clients together. Default 250: what a guest carries without a stall. */
  readonly rampPerSecond?: number;
  /** The program stops by itself after this long. Default one hour. */
  readonly limitMs?: number;
  /** For traffic that wants contested flows only: is a flow of the service, from that client's end, one? */
  readonly isContested?: (service: string, address: string, port: number) => boolean;
}

/**
 * What each client node has to do for a scenario's traffic. Pure: the same seed gives the same client addresses, ports,
 * heartbeat phases and arrival times; a traffic keeps its own when another is added behind it. The nodes of a client
 * group share its traffics: flows and arrivals go round.
 * @throws InputError if a client group has too few addresses; Error if it, or a service, is not in the plan
 */
export function trafficJobs(
  traffic: readonly ScenarioTraffic[],
  plan: Plan,
  seed: number,
  { rampPerSecond = 250, limitMs = 3_600_000, isContested = () => true }: TrafficOptions = {},
): readonly TrafficJob[] {
  const clients = [...new Set(traffic.flatMap((spec) => clientsOf(plan, spec)))];
  return clients.map((client) => ({
    node: client.name,
    rampPerSecond: rampPerSecond / clients.length,
    limitMs,
    ...workOf(client, traffic, plan, seed, isContested),
  }));
}

const { first: firstPort, count: ports } = clientPorts;

function workOf(
  client: PlannedNode,
  traffic: readonly ScenarioTraffic[],
  plan: Plan,
  seed: number,
  isContested: NonNullable<TrafficOptions['isContested']>,
): Pick<TrafficJob, 'held' | 'http'> {
  const taken = new Set<string>();
  const held: HeldJob[] = [];
  const http: HttpJob[] = [];
  for (const spec of traffic) {
    const target = targetOf(plan, spec);
    const nodes = clientsOf(plan, spec);
    const place = nodes.findIndex(({ name }) => name === client.name);
    const ranges = nodes.map((node) => rangeOf(node, familyOf(target.address)));
    const range = ranges[place];
    const random = seeded(seed, `traffic:${spec.name}`);
    if (spec.type === 'held-tcp') {
      // For all nodes alike, so that none chooses what another has.
      const fits = (address: string, port: number): boolean =>
        spec.contested !== true || isContested(spec.to, address, port);
      const flows = chooseFlows(spec, ranges, random, taken, fits);
      const { name, heartbeatMs, timeoutMs, uploadBytes, downloadBytes } = spec;
      const own = flows.filter(({ flow }) => flow % nodes.length === place);
      if (place >= 0)
        held.push({ name, target, heartbeatMs, timeoutMs, uploadBytes, downloadBytes, seed, flows: own });
    } else if (range !== undefined) {
      const { name, ratePerSecond, timeoutMs } = spec;
      http.push({
        name,
        target,
        path: '/',
        ratePerSecond: ratePerSecond / nodes.length,
        phaseMs: (1000 / ratePerSecond) * place,
        timeoutMs,
        maxOutstanding: 2000,
        sources: walk(range, random),
      });
    }
  }
  return { held, http };
}

/** A range of addresses that are the client's own. */
interface Addresses {
  readonly base: Address;
  readonly count: number;
}

function targetOf(plan: Plan, { name, to, family }: ScenarioTraffic): HeldJob['target'] {
  const service = plan.services.find(
    (each) => each.name === to && (family === undefined || familyOf(each.vip) === family),
  );
  if (service === undefined) throw new Error(`traffic ${name}: no service ${to}`);
  return { address: service.vip, port: service.port, service: service.name };
}

function clientsOf(plan: Plan, { name, from }: ScenarioTraffic): readonly PlannedNode[] {
  const nodes = plan.nodes.filter((node) => node.group === from || node.name === from);
  if (nodes.length === 0) throw new Error(`traffic ${name}: no client ${from}`);
  return nodes;
}

/** Of its sources, else its first address. An IPv6 prefix has more than anybody needs. */
function rangeOf({ name, sources, interfaces }: PlannedNode, family: Family): Addresses {
  const prefix = parseSubnet(inFamily(sources, family) ?? '');
  if (prefix !== undefined)
    return { base: hostAddress(prefix, 0), count: Math.min(usableHosts(prefix), mostAddresses) };
  const own = interfaces.flatMap(addressesOf).find(({ address }) => familyOf(address) === family);
  const base = own === undefined ? undefined : parseAddress(own.address);
  if (base === undefined) throw new Error(`client ${name} has no ${familyName[family]} address`);
  return { base, count: 1 };
}

/** As many as the largest IPv4 prefix has. */
const mostAddresses = 2 ** 24;

function chooseFlows(
  { name, connections, heartbeatMs }: Extract<ScenarioTraffic, { type: 'held-tcp' }>,
  ranges: readonly Addresses[],
  random: Random,
  taken: Set<string>,
  fits: (address: string, port: number) => boolean,
): readonly HeldFlow[] {
  // Contested ones may be so few that nobody could tell beforehand.
  const tooFew = (): InputError => {
    const message = `the client has too few addresses for ${connections} connections`;
    return new InputError([{ file: `traffic ${name}:`, message, hint: 'give it more sources' }]);
  };
  // Known beforehand, or the last ones would be looked for in vain, one by one.
  if (ranges.some(({ count }) => count * ports * ranges.length < connections)) throw tooFew();
  return Array.from({ length: connections }, (_, flow) => {
    const range = ranges[flow % ranges.length] ?? { base: nowhere, count: 0 };
    const size = range.count * ports;
    for (let tries = 0, at = 0; tries < 1000 + size; tries++) {
      // Where nearly all are taken chance does not find the rest: then one after another.
      at = tries < 1000 ? random.integer(range.count) * ports + random.integer(ports) : (at + 1) % size;
      const address = formatAddress({
        ...range.base,
        value: range.base.value + BigInt(Math.floor(at / ports)),
      });
      const port = firstPort + (at % ports);
      if (taken.has(endpoint(address, port)) || !fits(address, port)) continue;
      taken.add(endpoint(address, port));
      return { flow, address, port, phaseMs: Math.round(random.next() * heartbeatMs * 1000) / 1000 };
    }
    throw tooFew();
  });
}

const nowhere: Address = { family: 'ipv4', value: 0n };

function walk({ base, count }: Addresses, random: Random): SourceWalk {
  const size = count * ports;
  let stride = 1 + random.integer(size - 1);
  while (divisor(stride, size) !== 1) stride++;
  return {
    base: formatAddress(base),
    addresses: count,
    firstPort,
    ports,
    offset: random.integer(size),
    stride,
  };
}

/** The greatest that both have in common. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
