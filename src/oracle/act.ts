/** What single entries of a timeline do to the lab. */
import type { Plan } from '../topology/types.ts';
import type { Order } from './order.ts';
import { away, back, type Change, isRouter, namesOf, regrouped, reorderedOn, unchanged } from './state.ts';

export interface Act {
  readonly name: string;
  /** As written. */
  readonly atMs: number;
  /** `inject`, `heal`, `drain`, …; `join`, `leave`: of nodes of a tier that is scaled; `boot`: the end of a restart. */
  readonly action: string;
  /** Name of the fault that it injects or heals; `drain` for a drain and its end; `scale`. */
  readonly fault: string;
  readonly targets: readonly string[];
  /** How long it takes on a slow machine. */
  readonly takesMs: number;
  /** Name of what it begins, and another one may end. */
  readonly begins?: string;
  /** Name of what it ends. */
  readonly ends?: string;
  /** Does it put back what was taken away, or add what was not there? */
  readonly restores: boolean;
  /** Can it be computed what it does to flows? */
  readonly known: boolean;
  /** Connections that end on its targets are lost, or nothing comes through to them for a while. */
  readonly cut?: 'lost' | 'stalled';
  /** L4 nodes that lose their connection tables. */
  readonly forgetful: readonly string[];
  /** It waits for connections that do not end, and nothing comes of it. */
  readonly stuck?: true;
  readonly change: Change;
}

export type When = Pick<Act, 'name' | 'atMs' | 'targets'>;

/** @param cause name of the drain */
export const drainAct = (when: When, cause: string, undoes: boolean): Act => ({
  ...when,
  fault: 'drain',
  action: undoes ? 'undrain' : 'drain',
  takesMs: gentleMs,
  ...(undoes ? { ends: cause } : { begins: cause }),
  restores: undoes,
  known: true,
  forgetful: [],
  change: undoes ? back(cause) : away(cause, when.targets, 'gentle'),
});

/** Each of its steps is seen to be done before the next. */
const gentleMs = 3000;

/** @param cause name of the fault's entry @param undoes is it the healing? */
export function faultActs(
  when: When,
  cause: string,
  { fault, options }: { readonly fault: string; readonly options: Readonly<Record<string, unknown>> },
  undoes: boolean,
  plan: Plan,
): readonly Act[] {
  const { targets } = when;
  const act: Act = {
    ...when,
    fault,
    action: undoes ? 'heal' : 'inject',
    takesMs: 0,
    ...(undoes ? { ends: cause } : { begins: cause }),
    restores: undoes,
    known: true,
    forgetful: [],
    change: unchanged,
  };
  switch (fault) {
    case 'node.crash':
      return [
        undoes
          ? { ...act, takesMs: isRouter(plan, targets) ? bootMs : 0, change: back(cause) }
          : { ...act, ...lost(targets), change: away(cause, targets, 'dead') },
      ];
    case 'node.freeze':
    case 'link.down':
      return [
        undoes
          ? { ...act, change: back(cause) }
          : { ...act, cut: 'stalled', change: away(cause, targets, 'cut') },
      ];
    case 'node.restart':
      if (undoes) return [act];
      return [
        { ...act, ...lost(targets), takesMs: bootMs, change: away(cause, targets, 'dead') },
        { ...act, action: 'boot', ends: cause, restores: true, change: back(cause) },
      ];
    case 'vip.withdraw':
      return [{ ...act, change: undoes ? back(cause) : away(cause, targets, 'gentle') }];
    case 'l4.flush':
      return [{ ...act, forgetful: undoes ? [] : targets }];
    case 'l4.order':
      return [{ ...act, change: reorderedOn(targets, undoes ? undefined : orderOf(options)) }];
    case 'router.nexthop':
      return [
        {
          ...act,
          change: regrouped(targets, undoes ? undefined : namesOf(plan, String(options.remove))),
        },
      ];
    default:
      return [{ ...act, known: false }];
  }
}

const lost = (targets: readonly string[]): Pick<Act, 'cut' | 'forgetful'> => ({
  cut: 'lost',
  forgetful: targets,
});

/** Until a router that boots knows its ways, and is led to. */
const bootMs = 3000;

/** Its keys were held against the fault's schema when the scenario was loaded. */
const orderOf = ({ order = 'reverse' }: Readonly<Record<string, unknown>>): Order => order as Order;
