import {
  backendErrors,
  backendHalfOpen,
  backendHang,
  backendRefuse,
  backendSlow,
} from './backend-behaviour.ts';
import { bfdOff } from './bfd-off.ts';
import { bgpReset } from './bgp-reset.ts';
import type { Fault } from './contract.ts';
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
