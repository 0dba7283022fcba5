import { familiesOf } from '../../base/families.ts';
import type { Probe } from '../../base/until.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import type { Kind, LabView, NodeView, ServiceStep } from '../contract.ts';
import { birdConfig } from './config.ts';
import { isReflector } from './neighbours.ts';
import { configure, idle, knowing, refuseFixed, told, unused, used } from './service.ts';
import { routerLeadsOn } from './speaker.ts';
import { clientInterfaces } from './ways.ts';

/**
 * A router that announces nothing: upstream sends it no more flows and the L7 nodes send no more answers over it, while
 * it still knows all ways itself and forwards what is under way. One that is made anew is still drained.
 */
export const drain: NonNullable<Kind['drain']> = {
  refuse: (node, plan) => {
    const bound = boundTo(node, plan);
    return bound.length === 0
      ? refuseFixed(node, plan)
      : `${bound.join(', ')} cannot do without ${node.name}: a static route leads over it`;
  },

  out: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => {
    if (isReflector(node))
      return [
        {
          what: `no client hears of anything from ${node.name}`,
          act: () => configure(lab, node, routerConfig(node, lab.plan, true)),
          verify: () => told(lab, node, false),
        },
      ];
    return [
      {
        what: `no neighbour has a way over ${node.name}`,
        act: () => configure(lab, node, routerConfig(node, lab.plan, true)),
        verify: () => unused(lab, node),
      },
      {
        what: `${node.name} forwards nothing any more`,
        verify: idle('packets forwarded', () => forwarded(lab.view(node))),
      },
    ];
  },

  back: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => {
    if (isReflector(node))
      return [
        {
          what: `every client hears of its ways from ${node.name} again`,
          act: () => configure(lab, node, routerConfig(node, lab.plan)),
          verify: () => told(lab, node, true),
        },
      ];
    return [
      { what: `${node.name} knows its ways`, verify: knowingAll(lab.view(node)) },
      {
        what: `every neighbour has its ways over ${node.name} again`,
        act: () => configure(lab, node, routerConfig(node, lab.plan)),
        verify: () => used(lab, node),
      },
    ];
  },
};

/** The text of a router's `bird.conf`. */
export function routerConfig(node: PlannedNode, plan: Plan, drained = false): string {
  const interfaces = isReflector(node) ? [] : clientInterfaces(node, plan);
  return birdConfig(node, plan, { interfaces, staticRoutes: !isReflector(node), transit: true, drained });
}

/** Every way with all its next hops; after a while, any way to everywhere: one that is cut off never comes. */
function knowingAll(view: NodeView): () => Promise<Probe> {
  const start = performance.now();
  return async () => {
    const some = await knowing(view);
    const all = some.ok ? await routerLeadsOn(view) : some;
    return performance.now() - start < waitsMs ? all : some;
  };
}

const waitsMs = 4000;

/** Nodes that learn nothing by BGP and have their way over this one. */
function boundTo(node: PlannedNode, plan: Plan): string[] {
  const own = node.interfaces.map(({ address }) => address);
  return plan.nodes
    .filter(({ routes }) => routes.some(({ via }) => own.includes(via)))
    .map(({ name }) => name);
}

/** Of the namespace, in all its families: `ForwDatagrams` (RFC 1213, ipForwDatagrams), and a line by its own name of IPv6 (net/ipv6/proc.c). */
async function forwarded(view: NodeView): Promise<number> {
  const counts = familiesOf(view.node).map(async (family) => {
    if (family === 'ipv6')
      return Number(/^Ip6OutForwDatagrams\s+(\d+)$/m.exec(await view.readFile('/proc/net/snmp6'))?.[1]);
    const [names = [], values = []] = (await view.readFile('/proc/net/snmp'))
      .split('\n')
      .filter((line) => line.startsWith('Ip:'))
      .map((line) => line.split(' '));
    return Number(values[names.indexOf('ForwDatagrams')]);
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}
