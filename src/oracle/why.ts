/** The reasons of a forecast, for people. */

import type { Plan } from '../topology/types.ts';
import { groupOf } from './fabric.ts';
import { changesWays, filled, isComputed, isConfined, type Patience } from './fate.ts';
import { isReflector } from './notice.ts';
import { balancersOf, type Places } from './places.ts';
import { schedulerOf } from './scheduler.ts';
import type { Turn } from './turns.ts';

/** @param patience of the traffic with the longest heartbeats */
export function whyOf(turn: Turn, places: Places, patience: Patience): string[] {
  const { fault, restores, targets } = turn;
  if (!isComputed(turn, patience)) return [whyNot(turn)];
  if (turn.stuck === true)
    return [
      `connections that are held do not end by themselves: ${targets.join(', ')} cannot be drained of them, and what should follow is left undone`,
    ];
  switch (fault) {
    case 'l4.order':
      return [
        restores
          ? 'the table is as planned again; flows that are known keep their L7'
          : 'the table of that L4 node differs from the others from now on; flows that it knows keep their L7',
      ];
    case 'l4.flush':
      return restores
        ? []
        : [
            `flows that are forgotten are placed by the table as it is now: ${
              places.isAlike(turn.after)
                ? 'the one by which they were placed before'
                : 'not the one by which they were placed before'
            }`,
          ];
    default:
      return [...(changesWays(turn) ? whatWaysDo(turn, places) : whatItDoes(turn)), ...fateAtTheEnd(turn)];
  }
}

function whyNot(turn: Turn): string {
  if (isConfined(turn))
    return `what ${turn.fault} does to flows cannot be computed: those that end on ${turn.targets.join(', ')} may break, others cannot`;
  if (!turn.known) return `what ${turn.fault} does to flows cannot be computed: any may break`;
  if (filled(turn))
    return 'buckets of a resilient group may be idle between two heartbeats, and move: any flow may';
  return `what becomes of flows when a ${turn.kind} is hit cannot be computed: any may break`;
}

function whatItDoes(turn: Turn): string[] {
  const { kind, fault, restores } = turn;
  if (kind === 'client') return ['the clients themselves are hit'];
  if (fault === 'scale' && kind === 'haproxy')
    return ['the table is another from now on; flows that the L4 nodes know keep their L7'];
  if (restores) return [];
  if (fault === 'scale') return ['it is drained first: it gets nothing new, and finishes what it has'];
  return [
    kind === 'haproxy'
      ? whoEndsOn(turn.before.plan)
      : "a flow's backend is the proxy's choice when it opens: only the number of flows is known",
  ];
}

const whoEndsOn = (plan: Plan): string =>
  balancersOf(plan).some((l4) => l4.services.some((service) => schedulerOf(l4, service) === 'rr'))
    ? 'the flows that end on it are hit; with the scheduler rr nobody knows before which those are'
    : 'exactly the flows that end on it are hit: their L7 follows from the table';

function whatWaysDo(turn: Turn, places: Places): string[] {
  const { before, after, fault, restores, targets } = turn;
  if (fault !== 'router.nexthop' && before.plan === after.plan && before.gone.size === after.gone.size)
    return [
      restores ? 'it is drained still: nobody is sent there' : 'it is drained: nobody is sent there any more',
    ];
  const named = before.plan.nodes.filter(({ name }) => targets.includes(name));
  if (named.length > 0 && named.every(isReflector)) return whoHears(turn);
  if (isFixedOn(turn))
    return restores
      ? ['the routers have sent flows there all the while']
      : [fixedOn, ...(before.plan.nodes.some((node) => groupOf(node) === 'static') ? [plainOn] : [])];
  return [whoMoves(turn), unasked, ...whoWaits(turn), ...whatMovingDoes(turn, places)];
}

function whoHears({ before: { plan }, after, restores }: Turn): string[] {
  const reflectors = plan.nodes.filter(isReflector);
  if (restores) return ['its clients hear of the ways by it again; it carries no packets itself'];
  if (reflectors.some(({ name }) => !after.gone.has(name)))
    return [
      'a reflector carries no packets, and its clients hear of the same ways from another one: no flow moves',
    ];
  return [
    'no reflector is left: its clients forget what they heard (at once if BFD watches it, else after the hold time) and the VIPs have no way until one is back; flows whose patience ends before that break',
  ];
}

function whoWaits({ kind, targets, restores, cut, before: { plan } }: Turn): string[] {
  if (restores || cut === undefined) return [];
  const concerned = plan.nodes.filter(({ name, kind }) => kind === 'bird' || targets.includes(name));
  return [
    ...(concerned.some(({ options }) => options.bfd === false)
      ? ['without BFD its neighbours notice after their hold time only, and its flows wait for that long']
      : []),
    ...(kind === 'bird' && plan.nodes.some(({ options }) => options.way_back === 'static')
      ? [
          'the L7 nodes have a static way back, and go on sending answers over the dead router: whose those are is not known',
        ]
      : []),
  ];
}

/** Do routers whose next hops are fixed lead to the targets? */
const isFixedOn = ({ kind, fault, before: { plan } }: Turn): boolean =>
  kind !== 'bird' && fault !== 'scale' && plan.nodes.some((node) => groupOf(node) !== 'bgp');

const fixedOn =
  'next hops are fixed: the routers send flows on to where they did, and those of a dead one wait until somebody takes it out or it is back';

const plainOn =
  'a plain group passes over one that answers no ARP any more, which its router finds out between three seconds and a minute later: whether that is in time for its flows cannot be known';

function whoMoves({ restores, kind, fault, targets, before }: Turn): string {
  const tiers: Readonly<Record<string, string>> = { ipvs: 'L4 node', haproxy: 'L7 node' };
  if (fault === 'router.nexthop') return whatGroupsDo(before.plan, targets, restores);
  if (fault === 'scale' && restores)
    return 'with more next hops the routers divide the range of their hash anew';
  if (restores && kind === 'bird') return whoComesBack(targets, before);
  return restores
    ? 'the routers send flows back to where they were'
    : `the routers send the flows of that ${tiers[kind] ?? 'router'} elsewhere, and with more than two next hops some others too`;
}

function whoComesBack(targets: readonly string[], { cut }: Turn['before']): string {
  const same = 'the flows that the router had come back to it, and it sends them to where it did';
  return targets.some((name) => cut.has(name))
    ? `${same}; but it hears of its next hops one after another, and where flows come by until then cannot be known`
    : `${same}: the key of the hash is the kernel's, and those before it lead to it when it knows its ways`;
}

function whatGroupsDo(
  { nodes }: Turn['before']['plan'],
  targets: readonly string[],
  restores: boolean,
): string {
  const resilient = nodes.every((node) => !targets.includes(node.name) || groupOf(node) === 'resilient');
  if (!resilient)
    return 'a plain group divides the range of the hash anew: flows of other next hops move too';
  return restores
    ? 'a resilient group gives a next hop that comes only buckets that are idle: no flow moves'
    : 'a resilient group gives away the buckets of the next hop that leaves: nobody else moves';
}

/** True where nobody has asked the kernel. */
export const unasked =
  "which flows those are is for the routers' kernel to say, whose hash has a key of its own: from the plan alone their number is known; a run asks the kernel (`~ oracle`)";

function whatMovingDoes({ after }: Turn, places: Places): string[] {
  const balancers = balancersOf(after.plan);
  if (balancers.length === 0)
    return ['there are no L4 nodes: a flow that is sent to another L7 node than before is reset by it'];
  const l4s = balancers.filter(({ name }) => !after.gone.has(name));
  if (l4s.length === 0) return ['no L4 node is left'];
  if (l4s.every(({ options }) => options.sloppy_tcp === false))
    return ['sloppy_tcp is off: an L4 node resets a flow that it meets in midstream'];
  if (l4s.some((l4) => l4.services.some((service) => schedulerOf(l4, service) === 'rr')))
    return ['the scheduler rr does not depend on the flow: a flow that moves keeps its L7 by luck only'];
  return [
    places.isAlike(after)
      ? 'all L4 nodes compute the same table and take flows on in midstream (sloppy_tcp): a flow that moves keeps its L7'
      : 'the tables of the L4 nodes are not all the one by which flows were placed: a flow that moves breaks where they disagree on it',
  ];
}

function fateAtTheEnd({ kind, cut, outageMs, fault, restores }: Turn): string[] {
  if (kind !== 'haproxy' && kind !== 'web') return [];
  if (fault === 'drain') return restores ? [] : ['its connections go on; it only gets no new ones'];
  if (cut === undefined) return [];
  return cut === 'lost'
    ? ['its connections are lost with it']
    : [`its connections stall for ${outageMs / 1000} s and break if that exceeds the patience of their ends`];
}
