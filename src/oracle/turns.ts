import type { Scenario, TimelineEntry } from '../scenario/types.ts';
import type { Plan } from '../topology/types.ts';
import type { Order } from './order.ts';

/** An entry of the timeline and the lab around it. */
export interface Turn {
  readonly name: string;
  readonly atMs: number;
  readonly action: string;
  /** Name of the fault that it injects or heals; `drain` for a drain and its end. */
  readonly fault: string;
  /** Does it put back what another entry took away? */
  readonly restores: boolean;
  readonly targets: readonly string[];
  /** Kind of the targets. */
  readonly kind: string;
  /** Until the fault is healed, or the run ends. */
  readonly outageMs: number;
  /** Until the run ends. */
  readonly remainingMs: number;
  /** Nodes that are gone before and after it. */
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
  /** L4 nodes that have lost their connection table since the start. */
  readonly forgetful: ReadonlySet<string>;
  /** L4 nodes that have their servers in another order than planned, after it. */
  readonly orders: ReadonlyMap<string, Order>;
}

/** What takes a node away, and whether it still knows its connections when it comes back. */
export const losses: Readonly<Record<string, 'forgets' | 'remembers'>> = {
  'node.crash': 'forgets',
  'node.freeze': 'remembers',
  'link.down': 'remembers',
  drain: 'remembers',
};

/** Changes the table of an L4 node, but not where it sends the flows that it knows. */
export const reorders = 'l4.order';

/** The timeline, each entry with the state of the lab around it. */
export function turnsOf(
  { timeline, durationMs }: Pick<Scenario, 'timeline' | 'durationMs'>,
  plan: Plan,
): readonly Turn[] {
  const underWay = new Map<string, readonly string[]>();
  const forgetful = new Set<string>();
  const orders = new Map<string, Order>();
  const gone = (): ReadonlySet<string> => new Set([...underWay.values()].flat());
  return timeline.flatMap((entry): Turn[] => {
    const start = 'of' in entry ? timeline.find(({ name }) => name === entry.of) : entry;
    if (start === undefined || 'of' in start) return [];
    const { action, name }: { action: string; name: string } = start;
    const fault = 'fault' in start ? start.fault : action;
    const targets = targetsOf(plan, 'tier' in start ? start.tier : start.target);
    const before = gone();
    if ('of' in entry) underWay.delete(name);
    else if (Object.hasOwn(losses, fault)) underWay.set(name, targets);
    if (losses[fault] === 'forgets') for (const target of targets) forgetful.add(target);
    if (fault === reorders)
      for (const target of targets) {
        if ('of' in entry) orders.delete(target);
        else orders.set(target, orderOf(start));
      }
    const end = timeline.find((other) => 'of' in other && other.of === name);
    return [
      {
        name: entry.name,
        atMs: entry.atMs,
        action: entry.action,
        fault,
        restores: isRestoring(entry),
        targets,
        kind: plan.nodes.find((node) => node.name === targets[0])?.kind ?? '',
        outageMs: (end?.atMs ?? durationMs) - entry.atMs,
        remainingMs: durationMs - entry.atMs,
        before,
        after: gone(),
        forgetful: new Set(forgetful),
        orders: new Map(orders),
      },
    ];
  });
}

/** Its keys were held against the fault's schema when the scenario was loaded. */
const orderOf = (entry: TimelineEntry): Order =>
  (entry.action === 'inject' ? (entry.options.order as Order | undefined) : undefined) ?? 'reverse';

const isRestoring = (entry: TimelineEntry): boolean => 'of' in entry;

/** `l4-1`, `l4` (every node of the group), `l4-1:fabric` (a cable). */
function targetsOf(plan: Plan, target: string): string[] {
  const [name = ''] = target.split(':');
  const nodes = plan.nodes.filter((node) => node.name === name);
  return (nodes.length > 0 ? nodes : plan.nodes.filter(({ group }) => group === name)).map(
    (node) => node.name,
  );
}
