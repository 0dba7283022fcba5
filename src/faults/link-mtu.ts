import { z } from 'zod';
import { speaks } from '../base/families.ts';
import { groupBy } from '../base/group-by.ts';
import { leastMtuOfIpv6 } from '../base/ip.ts';
import { type LiveLab, netnsName, switchPort } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';

/**
 * Both ends of a cable take another MTU. The node knows it; the others on the network do not, and what they send that is
 * larger is dropped at the switch's port without a word. (But for segments that the kernel passes on as one large packet.)
 * With `everybody` all cables of the network take it at once, and so whoever is on it knows what it carries.
 */
export const linkMtu = defineFault({
  traits: {
    name: 'link.mtu',
    summary: 'a cable takes another MTU, at both ends; what others send that is larger is lost',
    target: 'link',
    options: z.strictObject({
      mtu: z.int().min(576).max(65_535).meta({ description: 'Bytes of an IP packet.' }),
      everybody: z
        .boolean()
        .default(false)
        .meta({ description: 'All cables of that network at once, so that nobody sends what is too large.' }),
    }),
    refuse(node, { mtu }) {
      if (node.interfaces.every((each) => each.mtu === mtu))
        return { key: 'mtu', message: `the MTU is ${mtu} already` };
      return mtu < leastMtuOfIpv6 && speaks(node, 'ipv6')
        ? { key: 'mtu', message: `an MTU of ${mtu} is too small for IPv6: at least ${leastMtuOfIpv6}` }
        : undefined;
    },
  },

  isRenewed: true,

  inject: (lab, { node, network = '' }, { mtu, everybody }) =>
    setMtu(lab, network, everybody ? nodesOn(lab, network) : [node], () => mtu),

  heal: (lab, { node, network = '' }, { everybody }) =>
    setMtu(lab, network, everybody ? nodesOn(lab, network) : [node], (planned) => planned),
});

const nodesOn = ({ plan }: LiveLab, network: string): readonly PlannedNode[] =>
  plan.nodes.filter(({ interfaces }) => interfaces.some((each) => each.network === network));

/** @param mtuOf from the planned MTU of a node's interface */
async function setMtu(
  lab: LiveLab,
  network: string,
  nodes: readonly PlannedNode[],
  mtuOf: (planned: number) => number,
): Promise<Landed> {
  const ends = nodes.flatMap(({ name: node, interfaces }) => {
    const planned = interfaces.find((each) => each.network === network);
    const mtu = mtuOf(planned?.mtu ?? 1500);
    const { netns, port } = switchPort(lab.paths, network, node);
    return [
      { namespace: netns, device: port, mtu },
      { namespace: netnsName(lab.paths, node), device: planned?.name ?? network, mtu },
    ];
  });
  const names = nodes.map(({ name }) => name).join(', ');
  // One process a namespace: the shorter the while in which the ends differ, the better.
  const batches = [...groupBy(ends, ({ namespace }) => [namespace])].map(([namespace, devices]) => {
    const lines = devices.map(
      ({ device, mtu }) => `link set dev ${device} mtu ${mtu}\\nlink show dev ${device}\\n`,
    );
    return `printf '${lines.join('')}' | ip -n ${namespace} -o -batch -`;
  });
  const seen = await lab.script(`setting the MTU of ${names}`, ['set -e', ...batches].join('\n'));
  const found = [...seen.matchAll(/ mtu (\d+) /g)].map(([, bytes]) => Number(bytes));
  const wanted = ends.map(({ mtu }) => mtu);
  return {
    landed: found.length === ends.length && found.every((bytes) => wanted.includes(bytes)),
    evidence: `MTU of ${names} on ${network}, and of ${nodes.length > 1 ? 'their switch ports' : 'its switch port'}: ${[...new Set(found)].join(', ')}`,
  };
}
