import type { Probe } from '../../base/until.ts';
import type { PlannedNode } from '../../topology/types.ts';
import { knowing, refuseFixed, unused, used } from '../bird/service.ts';
import type { Kind, LabView, NodeView, ServiceStep } from '../contract.ts';
import { askServers } from '../ipvs/servers.ts';
import { drainedFile, drainedPath, drainedWord, healthFrontend } from './config.ts';
import { hasStaticWay } from './options.ts';
import { parseServers, statsSocket } from './stats.ts';

/**
 * Without L4 nodes before it an L7 node withdraws its VIPs, and that is all that can be done: the routers send its flows to others
 * at once, which know nothing of them.
 *
 * Otherwise an L7 node fails its health check, so that every L4 node gives it weight 0: no new flows. It goes on serving those it has
 * until the last one ends. One that is made anew is still drained. Connections that never end by themselves keep it from being drained: then the deadline decides.
 */
export const drain: NonNullable<Kind['drain']> = {
  refuse: refuseFixed,

  out: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => {
    const act = async (): Promise<void> => {
      await lab.write(node, drainedFile, drainedText);
      await command(lab.view(node), `add acl ${drainedPath(lab.view(node).paths)} ${drainedWord}`);
    };
    return node.announces
      ? [{ what: `no router has a way over ${node.name}`, act, verify: () => unused(lab, node) }]
      : [
          {
            what: `${node.name} has weight 0 on every L4 node`,
            act,
            verify: () => weights(lab, node, (weight) => weight === 0),
          },
          { what: `${node.name} has no sessions`, verify: () => sessionsGone(lab.view(node)) },
        ];
  },

  back: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    { what: `${node.name} has a backend`, verify: () => serving(lab.view(node)) },
    // Tier 2 reaches it at once; its answers need a way of their own.
    { what: `${node.name} knows its ways back`, verify: () => waysBack(lab.view(node)) },
    {
      what: node.announces
        ? `every router has a way over ${node.name} again`
        : `${node.name} has its weight on every L4 node again`,
      act: async () => {
        await lab.write(node, drainedFile, '');
        await command(lab.view(node), `clear acl ${drainedPath(lab.view(node).paths)}`);
      },
      verify: () => (node.announces ? used(lab, node) : weights(lab, node, (weight) => weight > 0)),
    },
  ],
};

const waysBack = async (view: NodeView): Promise<Probe> =>
  hasStaticWay(view.node) ? { ok: true, saw: 'a static one' } : knowing(view);

async function serving(view: NodeView): Promise<Probe> {
  const servers = parseServers(await view.ask(statsSocket(view.paths), 'show stat -1 4 -1\n'));
  const up = servers.filter(({ status }) => status.startsWith('UP')).length;
  return { ok: up > 0, saw: `${up} of ${servers.length} backends are up` };
}

const drainedText = `${drainedWord}\n`;

/** HAProxy says nothing but a newline where all is well; the steps verify what came of it. (management.txt, 9.3.) */
async function command(view: NodeView, text: string): Promise<void> {
  await view.ask(statsSocket(view.paths), `${text}\n`);
}

/** What the weights of this node are on every L4 node that runs. */
async function weights(lab: LabView, node: PlannedNode, wanted: (weight: number) => boolean): Promise<Probe> {
  const balancers = lab.plan.nodes.filter(
    ({ kind, targets }) => kind === 'ipvs' && targets.some((target) => target.node === node.name),
  );
  const other = await Promise.all(
    balancers.map(async (balancer) => {
      if (!(await lab.alive(balancer))) return [];
      const own = balancer.targets.filter((target) => target.node === node.name);
      const servers = (await askServers(lab.view(balancer))).filter(({ address }) =>
        own.some((target) => target.address === address),
      );
      return servers
        .filter(({ weight }) => !wanted(weight))
        .map(({ weight }) => `weight ${weight} on ${balancer.name}`);
    }),
  );
  const saw = other.flat();
  return saw.length === 0 ? { ok: true, saw: 'all as wanted' } : { ok: false, saw: saw.join(', ') };
}

/** Sessions of clients: type 1 of `show stat` is frontends. */
async function sessionsGone(view: NodeView): Promise<Probe> {
  const frontends = parseServers(await view.ask(statsSocket(view.paths), 'show stat -1 1 -1\n'));
  const open = frontends
    .filter(({ backend }) => backend !== healthFrontend)
    .reduce((sum, { sessions }) => sum + sessions, 0);
  return { ok: open === 0, saw: `${open} sessions are open` };
}
