/**
 * Which way flows take through routers with several next hops.
 *
 * Linux hashes the fields of a packet that `fib_multipath_hash_fields` names (policy 3) with SipHash and a key that each boot draws
 * anew (net/core/flow_dissector.c, flow_hash_from_keys); the key cannot be asked for. So the bucket of a flow is
 * not known from the plan. What is known: the hash stays the same while the kernel lives, and the next hops divide its range
 * evenly in their order (net/ipv4/fib_semantics.c, fib_rebalance). Therefore, with the hash as a number from 0 to 1:
 *
 * - from the plan alone, each next hop gets a flow with the same probability, independently of other flows;
 * - a next hop that was seen narrows the hash down, and so says what happens when next hops come and go;
 * - nodes do not know of each other: their masks differ, and with them their hashes.
 */
import type { Fabric } from './fabric.ts';

/** What is known of a flow's way while all is well. */
export interface Knowledge {
  /** The L4 node that carries it. */
  readonly l4?: string;
  /** By router: the next hop that it has, or would have, there. */
  readonly hops?: Readonly<Record<string, string>>;
}

/** One thing that may be the case. */
export interface Outcome {
  readonly probability: number;
  /** The way in each state: names from the client to the L4 node; null: there is none. */
  readonly ways: readonly Way[];
}

export type Way = readonly string[] | null;

/**
 * The ways of a flow in several states, together: its hash at a node is the same in all of them.
 * Knowledge that contradicts the fabric is dropped, what routers said first.
 * @param states for each the names of the nodes that are gone; the first is the one that the knowledge is of
 */
export function outcomes(
  fabric: Fabric,
  states: readonly ReadonlySet<string>[],
  knowledge: Knowledge = {},
): readonly Outcome[] {
  const all = states.map((gone) => hopsIn(fabric, gone));
  const start: Outcome = { probability: 1, ways: all.map(() => [fabric.start]) };
  let found: Outcome[] = [start];
  while (found.some(({ ways }) => ways.some((way) => isOpen(way, fabric))))
    found = found.flatMap((outcome) => advance(outcome, all, fabric, knowledge));
  const fitting = found.filter(({ ways }) => knowledge.l4 === undefined || ways[0]?.at(-1) === knowledge.l4);
  const total = fitting.reduce((sum, { probability }) => sum + probability, 0);
  if (total > 0) return fitting.map(({ probability, ways }) => ({ probability: probability / total, ways }));
  const { hops: _, ...rest } = knowledge;
  return outcomes(fabric, states, knowledge.hops === undefined ? {} : rest);
}

/** Next hops that lead to an L4 node, in the kernel's order: a router that has lost its last way withdraws the VIP. */
function hopsIn(
  { hops, ends, start }: Fabric,
  gone: ReadonlySet<string>,
): (node: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  const left = (node: string): readonly string[] => {
    const before = known.get(node);
    if (before !== undefined) return before;
    const alive = (hops.get(node) ?? []).filter(
      (hop) => !gone.has(hop) && (ends.has(hop) || left(hop).length > 0),
    );
    known.set(node, alive);
    return alive;
  };
  left(start);
  return left;
}

const isOpen = (way: Way, { ends }: Fabric): boolean => way !== null && !ends.has(way.at(-1) ?? '');

/** One hop further in every state. States in which the flow is at the same node share its hash there. */
function advance(
  { probability, ways }: Outcome,
  states: readonly ((node: string) => readonly string[])[],
  fabric: Fabric,
  { hops: seen }: Knowledge,
): Outcome[] {
  const at = [...new Set(ways.filter((way) => isOpen(way, fabric)).map((way) => way?.at(-1) ?? ''))];
  let found: Outcome[] = [{ probability, ways }];
  for (const node of at) {
    const lists = states.map((left) => left(node));
    const parts = partsOf(lists, seen?.[node]);
    const here = (way: Way | undefined): boolean => way?.at(-1) === node && isOpen(way, fabric);
    found = found.flatMap((outcome) =>
      parts.map(({ share, hops }) => ({
        probability: outcome.probability * share,
        ways: outcome.ways.map((way, i): Way => {
          if (way === null || !here(ways[i])) return way;
          const hop = hops[i];
          return hop === undefined ? null : [...way, hop];
        }),
      })),
    );
  }
  return merge(found);
}

/** Cuts the range of the hash where any list of next hops does. @param seen the hop in the first list */
function partsOf(
  lists: readonly (readonly string[])[],
  seen: string | undefined,
): { share: number; hops: (string | undefined)[] }[] {
  const cuts = new Set([0, 1]);
  for (const list of lists) for (let i = 1; i < list.length; i++) cuts.add(i / list.length);
  const ordered = [...cuts].sort((a, b) => a - b);
  const parts = ordered.slice(1).map((end, i) => {
    const middle = (end + (ordered[i] ?? 0)) / 2;
    return {
      share: end - (ordered[i] ?? 0),
      hops: lists.map((list) => list[Math.floor(middle * list.length)]),
    };
  });
  const fitting = parts.filter(
    ({ hops, share }) => share > 1e-12 && (seen === undefined || hops[0] === seen),
  );
  if (fitting.length === 0) return seen === undefined ? parts : [];
  const total = fitting.reduce((sum, { share }) => sum + share, 0);
  return fitting.map(({ share, hops }) => ({ share: share / total, hops }));
}

/** Adds up what is alike. */
function merge(all: readonly Outcome[]): Outcome[] {
  const sums = new Map<string, Outcome>();
  for (const { probability, ways } of all) {
    const key = JSON.stringify(ways);
    sums.set(key, { ways, probability: probability + (sums.get(key)?.probability ?? 0) });
  }
  return [...sums.values()];
}
