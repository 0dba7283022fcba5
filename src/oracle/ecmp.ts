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
 * - so does a route that divides the range into more parts (`askParts`): then nothing is left to chance;
 * - nodes do not know of each other: their masks differ, and with them their hashes.
 *
 * A resilient group (net/ipv4/nexthop.c, nh_res_table) is another matter: a flow stays in its bucket, and the bucket with its next hop,
 * until that leaves the group; then it gets any of the others. A group that is made anew deals its buckets out as at first.
 */
import type { Fabric } from './fabric.ts';

/** What is known of a flow's way while all is well. */
export interface Knowledge {
  /** The L4 node that carries it. */
  readonly l4?: string;
  /** By router: the next hop that it has, or would have, there. */
  readonly hops?: Readonly<Record<string, string>>;
  /** By router: the part of its hash's range in which the flow lies (`askParts`). */
  readonly parts?: Readonly<Record<string, Part>>;
}

/** One of `of` equal parts, from 0. */
export interface Part {
  readonly part: number;
  readonly of: number;
}

/** One thing that may be the case. */
export interface Outcome {
  readonly probability: number;
  /** The way in each stage: names from the client to the L4 node; null: there is none. */
  readonly ways: readonly Way[];
}

export type Way = readonly string[] | null;

/** The fabric at a time. */
export interface Stage {
  readonly fabric: Fabric;
  /** Names of the nodes that are gone. */
  readonly gone: ReadonlySet<string>;
  /** By router: what was taken out of its fixed group of next hops. */
  readonly removed?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Next hops of a node that lead to an L4 node, in the kernel's order. */
export type HopsOf = (node: string) => readonly string[];

/**
 * The ways of a flow in several stages, in the order of time: its hash at a node is the same in all of them.
 * Knowledge that contradicts the fabric is dropped, what routers said first.
 * @param stages the first is the one that the knowledge is of
 */
export function outcomes(stages: readonly Stage[], knowledge: Knowledge = {}): readonly Outcome[] {
  const all = stages.map(hopsIn);
  const start: Outcome = { probability: 1, ways: stages.map(({ fabric }) => [fabric.start]) };
  let found: Outcome[] = [start];
  while (found.some(({ ways }) => ways.some((way, i) => isOpen(way, stages[i]))))
    found = found.flatMap((outcome) => advance(outcome, all, stages, knowledge));
  const fitting = found.filter(({ ways }) => knowledge.l4 === undefined || ways[0]?.at(-1) === knowledge.l4);
  const total = fitting.reduce((sum, { probability }) => sum + probability, 0);
  if (total > 0) return fitting.map(({ probability, ways }) => ({ probability: probability / total, ways }));
  const { hops, parts, ...rest } = knowledge;
  return outcomes(stages, hops === undefined && parts === undefined ? {} : rest);
}

/**
 * A router that has lost its last way withdraws the VIP; one that is gone has none. One with fixed next hops hears of deaths as others do,
 * but sends on to where it did.
 */
export function hopsIn({ fabric: { hops, ends, fixed, tellers, start }, gone, removed }: Stage): HopsOf {
  const isKnown = (node: string, hop: string): boolean => {
    const reflectors = tellers.get(node)?.get(hop);
    return reflectors === undefined || reflectors.some((name) => !gone.has(name));
  };
  const heard = new Map<string, readonly string[]>();
  const all = (node: string): readonly string[] =>
    gone.has(node) && node !== start ? [] : (hops.get(node) ?? []);
  const alive = (node: string): readonly string[] => {
    const before = heard.get(node);
    if (before !== undefined) return before;
    const found = all(node).filter(
      (hop) => !gone.has(hop) && isKnown(node, hop) && (ends.has(hop) || alive(hop).length > 0),
    );
    heard.set(node, found);
    return found;
  };
  return (node) =>
    fixed.has(node) ? all(node).filter((hop) => removed?.get(node)?.has(hop) !== true) : alive(node);
}

const isOpen = (way: Way, stage: Stage | undefined): boolean =>
  way !== null && stage?.fabric.ends.has(way.at(-1) ?? '') === false;

/** One hop further in every stage. Stages in which the flow is at the same node share its hash there. */
function advance(
  { probability, ways }: Outcome,
  all: readonly HopsOf[],
  stages: readonly Stage[],
  { hops: seen, parts: told }: Knowledge,
): Outcome[] {
  const at = new Set(ways.filter((way, i) => isOpen(way, stages[i])).map((way) => way?.at(-1) ?? ''));
  let found: Outcome[] = [{ probability, ways }];
  for (const node of at) {
    const lists = all.map((left) => left(node));
    const isResilient = stages.some(({ fabric }) => fabric.fixed.get(node) === 'resilient');
    const parts = isResilient ? bucketsOf(lists, seen?.[node]) : sharesOf(lists, seen?.[node], told?.[node]);
    const here = (i: number): boolean => ways[i]?.at(-1) === node && isOpen(ways[i] ?? null, stages[i]);
    found = found.flatMap((outcome) =>
      parts.map(({ share, hops }) => ({
        probability: outcome.probability * share,
        ways: outcome.ways.map((way, i): Way => {
          if (way === null || !here(i)) return way;
          const hop = hops[i];
          return hop === undefined ? null : [...way, hop];
        }),
      })),
    );
  }
  return merge(found);
}

/** A share of all flows, and its next hop in each stage. */
interface Share {
  readonly share: number;
  readonly hops: readonly (string | undefined)[];
}

/** Cuts the range of the hash where any list of next hops does. @param seen the hop in the first list @param told where in the range it is */
function sharesOf(
  lists: readonly (readonly string[])[],
  seen: string | undefined,
  told: Part | undefined,
): Share[] {
  const cuts = new Set([0, 1]);
  for (const list of lists) for (let i = 1; i < list.length; i++) cuts.add(i / list.length);
  const ordered = [...cuts].sort((a, b) => a - b);
  const all = ordered.slice(1).map((end, i) => {
    const begin = ordered[i] ?? 0;
    const middle = (end + begin) / 2;
    const hops = lists.map((list) => list[Math.floor(middle * list.length)]);
    const within = told === undefined ? end - begin : overlap([begin, end], told);
    return { share: within < 1e-12 ? 0 : within, hops };
  });
  const fitting = all.filter(({ hops, share }) => share > 0 && (seen === undefined || hops[0] === seen));
  const total = fitting.reduce((sum, { share }) => sum + share, 0);
  return fitting.map(({ share, hops }) => ({ share: share / total, hops }));
}

const overlap = ([begin, end]: readonly [number, number], { part, of }: Part): number =>
  Math.min(end, (part + 1) / of) - Math.max(begin, part / of);

/** Follows a bucket of a resilient group. @param seen the hop in the first list */
function bucketsOf(
  [first = [], ...lists]: readonly (readonly string[])[],
  seen: string | undefined,
): Share[] {
  const begin = seen === undefined ? first : first.filter((hop) => hop === seen);
  let parts: Share[] = begin.map((hop) => ({ share: 1 / begin.length, hops: [hop] }));
  for (const list of lists)
    parts = parts.flatMap(({ share, hops }) => {
      const isNew = hops.at(-1) === undefined && list.join() === first.join();
      const now = isNew ? hops[0] : hops.at(-1);
      const next = now !== undefined && list.includes(now) ? [now] : list.length > 0 ? list : [undefined];
      return next.map((hop) => ({ share: share / next.length, hops: [...hops, hop] }));
    });
  return parts;
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
