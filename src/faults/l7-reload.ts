import { z } from 'zod';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';
import { statusOf } from './daemons.ts';
import { proxyingOf } from './proxying.ts';

/** A new HAProxy takes the listeners over; the old one goes on with the connections it has until they end, or 30 s. */
export const l7Reload = defineFault({
  traits: {
    name: 'l7.reload',
    summary: 'HAProxy is reloaded seamlessly, with another configuration if one is given',
    target: 'node',
    kinds: ['haproxy'],
    options: z.strictObject({
      balance: z.enum(['roundrobin', 'leastconn', 'random']).optional().meta({
        description: 'How it chooses a backend from then on. Heal puts it back, by another reload.',
      }),
    }),
  },

  async inject(lab, { node }, { balance }) {
    if (balance !== undefined) await proxyingOf(lab, node).configure(lab.view(node), { balance });
    return reload(lab, node);
  },

  async heal(lab, { node }, { balance }) {
    if (balance === undefined) return takenOver(lab, node, `haproxy of ${node.name}`);
    await proxyingOf(lab, node).configure(lab.view(node), {});
    return reload(lab, node);
  },
});

async function reload(lab: LiveLab, node: PlannedNode): Promise<Landed> {
  const proxying = proxyingOf(lab, node);
  const view = lab.view(node);
  const { pid, state } = await statusOf(lab, node, proxying.daemon);
  if (pid === undefined || state !== 'running')
    return { landed: false, evidence: `haproxy of ${node.name} is ${state}` };
  await lab.startDaemon(node, proxying.daemon, proxying.takeOver(view, pid));
  const result = await takenOver(lab, node, `process ${pid}`);
  const old = await lab.processState(pid);
  return {
    ...result,
    evidence: `${result.evidence}; process ${pid} ${old === 'dead' ? 'has ended' : 'drains'}`,
  };
}

/** The process in the pid file is the one that answers. */
async function takenOver(lab: LiveLab, node: PlannedNode, from: string): Promise<Landed> {
  const { daemon, pid: askPid } = proxyingOf(lab, node);
  const { pid } = await statusOf(lab, node, daemon);
  const { saw } = await until(
    async () => {
      const answers = await askPid(lab.view(node)).catch(() => undefined);
      return { ok: answers === pid, saw: `process ${answers ?? 'none'} answers` };
    },
    { why: `process ${pid} to take over from ${from}`, withinMs: 10_000, everyMs: 50 },
  );
  return { landed: true, evidence: `${node.name}: ${saw}` };
}
