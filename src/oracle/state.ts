/** What the lab is at a time, and the changes that it goes through. */
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { Order } from './order.ts';

export interface State {
  readonly plan: Plan;
  /** Nodes to which nobody is led: dead, cut off, drained. */
  readonly gone: ReadonlySet<string>;
  /** Those of them that serve nobody who is led there all the same. */
  readonly deaf: ReadonlySet<string>;
  /** Those of them that hear of their ways one after another when they come back, while others lead there. */
  readonly cut: ReadonlySet<string>;
  /** Why: by the name of what took them away. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** By router: what was taken out of its fixed group of next hops. */
  readonly removed: ReadonlyMap<string, ReadonlySet<string>>;
  /** L4 nodes that have their servers in another order than planned. */
  readonly orders: ReadonlyMap<string, Order>;
}

interface Cause {
  readonly names: readonly string[];
  readonly how: Manner;
}

/**
 * `gentle`: only nobody is led there. `dead`: it begins anew, and is led to when it knows its ways. `cut`: it goes on by
 * itself, and nobody hears of it.
 */
export type Manner = 'gentle' | 'dead' | 'cut';

export type Change = (before: State) => State;

/** @param plans what the lab is, one after another */
export function allWell([plan]: readonly Plan[]): State {
  if (plan === undefined) throw new Error('a lab has a plan');
  const nobody = { gone: new Set<string>(), deaf: new Set<string>(), cut: new Set<string>() };
  return { plan, ...nobody, causes: new Map(), removed: new Map(), orders: new Map() };
}

export const unchanged: Change = (state) => state;

export const away =
  (cause: string, names: readonly string[], how: Manner): Change =>
  (state) =>
    without(state, assigned(state.causes, [cause], { names, how }));

/** They are back unless something else has taken them away too. */
export const back =
  (cause: string): Change =>
  (state) =>
    without(state, assigned(state.causes, [cause], undefined));

/** @param hops taken out of the groups of those routers; undefined: none any more */
export const regrouped =
  (routers: readonly string[], hops: readonly string[] | undefined): Change =>
  (state) => ({ ...state, removed: assigned(state.removed, routers, hops && new Set(hops)) });

/** @param order undefined: as planned again */
export const reorderedOn =
  (l4s: readonly string[], order: Order | undefined): Change =>
  (state) => ({ ...state, orders: assigned(state.orders, l4s, order) });

function without(state: State, causes: State['causes']): State {
  const away = (...manners: readonly Manner[]): ReadonlySet<string> =>
    new Set([...causes.values()].flatMap(({ names, how }) => (manners.includes(how) ? names : [])));
  return {
    ...state,
    causes,
    gone: away('gentle', 'dead', 'cut'),
    deaf: away('dead', 'cut'),
    cut: away('cut'),
  };
}

function assigned<V>(
  map: ReadonlyMap<string, V>,
  keys: readonly string[],
  value: V | undefined,
): ReadonlyMap<string, V> {
  const others = [...map].filter(([key]) => !keys.includes(key));
  return new Map([...others, ...(value === undefined ? [] : keys.map((key): [string, V] => [key, value]))]);
}

export const nodeIn = ({ nodes }: Plan, name: string | null | undefined): PlannedNode | undefined =>
  nodes.find((node) => node.name === name);

/** `l4-1`, `l4` (every node of the group), `l4-1:fabric` (a cable). */
export function namesOf({ nodes }: Plan, target: string): string[] {
  const [name = ''] = target.split(':');
  const hit = nodes.filter((node) => node.name === name);
  return (hit.length > 0 ? hit : nodes.filter(({ group }) => group === name)).map((node) => node.name);
}

export const isRouter = ({ nodes }: Plan, names: readonly string[]): boolean =>
  nodes.some(({ name, kind }) => names.includes(name) && kind === 'bird');

/** Does it hold no connections: a router, or who announces the VIPs and passes them on? */
export const isForwarding = (plan: Plan, names: readonly string[]): boolean =>
  isRouter(plan, names) || plan.nodes.some(({ name, announces }) => names.includes(name) && announces);
