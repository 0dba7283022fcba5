/** The reasons of a forecast, for people. */
import { changesWays } from './fate.ts';
import type { Places } from './places.ts';
import { schedulerOf } from './scheduler.ts';
import { losses, reorders, type Turn } from './turns.ts';

export function whyOf(turn: Turn, places: Places): string[] {
  if (turn.fault === reorders)
    return [
      turn.restores
        ? 'the table is as planned again; flows that are known keep their L7'
        : 'the table of that L4 node differs from the others from now on; flows that it knows keep their L7',
    ];
  if (!Object.hasOwn(losses, turn.fault))
    return [`what ${turn.fault} does to flows cannot be computed: any may break`];
  if (places.fixed && changesWays(turn, places))
    return ['next hops are fixed: routers send flows on to where nobody may be left, and any may break'];
  switch (turn.kind) {
    case 'bird':
    case 'ipvs':
      return [...whoMoves(turn), ...whatMovingDoes(turn, places)];
    case 'haproxy':
      if (changesWays(turn, places)) return [...whoMoves(turn), ...whatMovingDoes(turn, places)];
      return turn.restores
        ? []
        : [
            'exactly the flows that end on it are hit: their L7 follows from the table',
            ...fateAtTheEnd(turn),
          ];
    case 'web':
      return turn.restores
        ? []
        : [
            "a flow's backend is the proxy's choice when it opens: only the number of flows is known",
            ...fateAtTheEnd(turn),
          ];
    case 'client':
      return ['the clients themselves are hit'];
    default:
      return [`what becomes of flows when a ${turn.kind} is hit cannot be computed: any may break`];
  }
}

function whoMoves({ restores, kind }: Turn): string[] {
  const tiers: Readonly<Record<string, string>> = { ipvs: 'L4 node', haproxy: 'L7 node' };
  const who = `the flows of that ${tiers[kind] ?? 'router'}`;
  return [
    !restores
      ? `the routers send ${who} elsewhere, and with more than two next hops some others too`
      : 'the routers send flows back to where they were',
    "which flows those are is decided by the routers' hash, whose key each boot draws anew: without the measured ways only their number is known",
  ];
}

function whatMovingDoes({ after, orders }: Turn, places: Places): string[] {
  if (places.balancers.length === 0)
    return ['there are no L4 nodes: a flow that is sent to another L7 node than before is reset by it'];
  const l4s = places.balancers.filter(({ name }) => !after.has(name));
  if (l4s.length === 0) return ['no L4 node is left'];
  if (l4s.every(({ options }) => options.sloppy_tcp === false))
    return ['sloppy_tcp is off: an L4 node resets a flow that it meets in midstream'];
  if (l4s.some((l4) => l4.services.some((service) => schedulerOf(l4, service) === 'rr')))
    return ['the scheduler rr does not depend on the flow: a flow that moves keeps its L7 by luck only'];
  return [
    places.alike && ![...orders.keys()].some((name) => !after.has(name))
      ? 'all L4 nodes compute the same table and take flows on in midstream (sloppy_tcp): a flow that moves keeps its L7'
      : 'the tables of the L4 nodes differ: a flow that moves breaks where they disagree on it',
  ];
}

function fateAtTheEnd({ fault, outageMs }: Turn): string[] {
  if (fault === 'drain') return ['its connections go on; it only gets no new ones'];
  return losses[fault] === 'forgets'
    ? ['its connections are lost with it']
    : [`its connections stall for ${outageMs / 1000} s and break if that exceeds the patience of their ends`];
}
