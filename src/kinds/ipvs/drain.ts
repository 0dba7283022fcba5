import type { PlannedNode } from '../../topology/types.ts';
import { idle, switchProtocol, unused, used } from '../bird/service.ts';
import type { Kind, LabView, NodeView, ServiceStep } from '../contract.ts';

/**
 * An L4 node withdraws its VIPs and goes on serving until the last packet is through. The other L4 nodes compute the same
 * hash, so each flow keeps its L7.
 */
export const drain: NonNullable<Kind['drain']> = {
  out: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    { what: `${node.name} announces no VIP`, ...switchProtocol(lab.view(node), announcements, 'down') },
    { what: `no router has a way over ${node.name}`, verify: () => unused(lab, node) },
    {
      what: `${node.name} balances nothing any more`,
      verify: idle('packets balanced', () => balanced(lab.view(node))),
    },
  ],

  back: (lab: LabView, node: PlannedNode): readonly ServiceStep[] => [
    { what: `${node.name} announces its VIPs`, ...switchProtocol(lab.view(node), announcements, 'up') },
    { what: `every router has a way over ${node.name} again`, verify: () => used(lab, node) },
  ],
};

/** BIRD's protocol that announces the addresses of the `announce` device; see `protocolsOfOrigin`. */
const announcements = 'tl_direct';

/** Incoming packets: third line of /proc/net/ip_vs_stats, hexadecimal (Linux net/netfilter/ipvs/ip_vs_ctl.c). */
async function balanced(view: NodeView): Promise<number> {
  const [, , totals = ''] = (await view.readFile('/proc/net/ip_vs_stats')).split('\n');
  return Number.parseInt(totals.trim().split(/\s+/)[1] ?? '', 16);
}
