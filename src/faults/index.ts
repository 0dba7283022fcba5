import type { FaultTable, TimelineEntry } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import {
  backendErrors,
  backendHalfOpen,
  backendHang,
  backendRefuse,
  backendSlow,
} from './backend-behaviour.ts';
import { bfdOff } from './bfd-off.ts';
import { bgpReset } from './bgp-reset.ts';
import type { Fault, Hit } from './contract.ts';
import { daemonKill } from './daemon-kill.ts';
import { daemonRestart, l7Restart } from './daemon-restart.ts';
import { l4Flush } from './l4-flush.ts';
import { l4Order } from './l4-order.ts';
import { l4Weight } from './l4-weight.ts';
import { l7Backend } from './l7-backend.ts';
import { l7Reload } from './l7-reload.ts';
import { linkBlackhole } from './link-blackhole.ts';
import { linkDown } from './link-down.ts';
import { linkFlap } from './link-flap.ts';
import { linkMtu } from './link-mtu.ts';
import { linkNetem } from './link-netem.ts';
import { netPartition } from './net-partition.ts';
import { nodeCrash } from './node-crash.ts';
import { nodeFreeze } from './node-freeze.ts';
import { nodeRestart } from './node-restart.ts';
import { nodeSysctl } from './node-sysctl.ts';
import { routerNexthop } from './router-nexthop.ts';
import { vipWithdraw } from './vip-withdraw.ts';

export { actOn } from './act.ts';
export { changeLab } from './change.ts';
export type { Fault, Hit, Landed } from './contract.ts';
export { drainNodes, refuseDrain } from './drain.ts';
export { claimEntry, forgetEntry, type LedgerEntry, ledgerEntries, updateEntry } from './ledger.ts';
export { rolledNames, stepName } from './rolling-names.ts';

/** All faults: a new one is a file beside this and a line here. */
const all: readonly Fault[] = [
  nodeCrash,
  nodeRestart,
  nodeFreeze,
  nodeSysctl,
  daemonKill,
  daemonRestart,
  linkDown,
  linkFlap,
  linkNetem,
  linkMtu,
  linkBlackhole,
  netPartition,
  bgpReset,
  bfdOff,
  vipWithdraw,
  routerNexthop,
  l4Weight,
  l4Order,
  l4Flush,
  l7Reload,
  l7Restart,
  l7Backend,
  backendSlow,
  backendErrors,
  backendRefuse,
  backendHang,
  backendHalfOpen,
];

export const faults: Readonly<Record<string, Fault>> = Object.fromEntries(
  all.map((fault) => [fault.traits.name, fault]),
);

export const faultTable: FaultTable = Object.fromEntries(all.map(({ traits }) => [traits.name, traits]));

/** Kernel modules that a timeline needs, beside those of the lab. */
export function modulesOf(timeline: readonly TimelineEntry[]): string[] {
  const names = timeline.flatMap((entry) => {
    const steps = entry.action === 'rolling' ? entry.steps : [entry];
    return steps.flatMap((step) => (step.action === 'inject' ? [step.fault] : []));
  });
  return [...new Set(names.flatMap((name) => faults[name]?.traits.modules ?? []))];
}

/** What a target as written means: `l4-1`, `l4` (every node of the group), `l4-1:fabric`, `l4:fabric`. */
export function resolveTarget(plan: Plan, target: string): Hit[] {
  const [name = '', network] = target.split(':');
  const nodes: PlannedNode[] = plan.nodes.filter((node) => node.name === name);
  const hit = nodes.length > 0 ? nodes : plan.nodes.filter((node) => node.group === name);
  return hit.map((node) => (network === undefined ? { node } : { node, network }));
}
