import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';
import { daemonField, endDaemon, kindsWithDaemons, refuseDaemon, startDaemon, statusOf } from './daemons.ts';

/** A daemon is restarted, as in an upgrade: told to end, and started once it has. */
export const daemonRestart = defineFault({
  traits: {
    name: 'daemon.restart',
    summary: 'one daemon of a node ends (SIGTERM) and starts again',
    target: 'node',
    kinds: kindsWithDaemons,
    options: z.strictObject({ daemon: daemonField }),
    refuse: (node, { daemon }) => refuseDaemon(node, daemon),
  },

  startsDaemonAnew: 'inject',

  inject: (lab, { node }, { daemon }) => restart(lab, node, daemon, 'TERM'),

  heal: (lab, { node }, { daemon }) => startDaemon(lab, node, daemon),
});

/** HAProxy cuts all connections when it is told to end. */
export const l7Restart = defineFault({
  traits: {
    name: 'l7.restart',
    summary: 'HAProxy is restarted the hard way: its connections are cut',
    target: 'node',
    kinds: ['haproxy'],
    options: z.strictObject({}),
  },

  inject: (lab, { node }) => restart(lab, node, 'haproxy', 'TERM'),

  heal: (lab, { node }) => startDaemon(lab, node, 'haproxy'),
});

/** Landed as soon as another process runs: what it has to learn first is part of the fault. */
async function restart(
  lab: LiveLab,
  node: PlannedNode,
  daemon: string,
  signal: 'KILL' | 'TERM',
): Promise<Landed> {
  const before = await statusOf(lab, node, daemon);
  const ended = await endDaemon(lab, node, daemon, signal);
  if (!ended.landed) return ended;
  await lab.startDaemon(node, daemon);
  const after = await statusOf(lab, node, daemon);
  return {
    landed: after.state === 'running' && after.pid !== before.pid,
    evidence: `${daemon} of ${node.name}: process ${before.pid} ended, ${after.pid} is ${after.state}`,
  };
}
