import { z } from 'zod';
import { until } from '../base/until.ts';
import { type LiveLab, labView } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { serversOf } from './balancing.ts';
import { defineFault, type Landed } from './contract.ts';
import { nodeField } from './fields.ts';
import { chosen, refuseUnknown } from './nodes.ts';
import { proxyingOf } from './proxying.ts';

type State = 'drain' | 'maint' | 'ready';

/** An operator sets a backend's state on an L7 node: drain keeps what there is, maint uses it no more at all. */
export const l7Backend = defineFault({
  traits: {
    name: 'l7.backend',
    summary: 'an L7 node sets a backend to drain or maint; heal sets it to ready',
    target: 'node',
    kinds: ['haproxy'],
    options: z.strictObject({
      backend: nodeField('A backend, or their group.'),
      state: z
        .enum(['drain', 'maint', 'ready'])
        .meta({ description: 'drain: no new connections; maint: not used at all; ready: as checks say.' }),
    }),
    refuse: (node, { backend }, plan) =>
      refuseUnknown(plan, 'backend', backend, serversOf(node), `backends of ${node.name}`),
  },

  isForNewcomers: true,

  inject: (lab, { node }, { backend, state }) => setState(lab, node, backend, state),

  heal: (lab, { node }, { backend }) => setState(lab, node, backend, 'ready'),
});

async function setState(lab: LiveLab, node: PlannedNode, name: string, state: State): Promise<Landed> {
  const proxying = proxyingOf(lab, node);
  const view = lab.view(node);
  const backends = chosen(lab.plan, name, serversOf(node));
  for (const backend of backends) await proxying.setBackend(labView(lab), node, backend, state);
  const { saw } = await until(
    async () => {
      const own = (await proxying.backends(view)).filter(({ backend }) => backends.includes(backend));
      return {
        ok: own.length > 0 && own.every(({ status }) => statuses[state].test(status)),
        saw: own.map(({ backend, status }) => `${backend} is ${status}`).join(', '),
      };
    },
    { why: `${name} to be ${state} on ${node.name}`, withinMs: 10_000, everyMs: 50 },
  );
  return { landed: true, evidence: `on ${node.name} ${saw}` };
}

const statuses: Readonly<Record<State, RegExp>> = { drain: /^DRAIN/, maint: /^MAINT/, ready: /^UP$/ };
