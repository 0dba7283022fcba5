import { z } from 'zod';
import { speaks } from '../base/families.ts';
import { leastMtuOfIpv6 } from '../base/ip.ts';
import { type LiveLab, netnsName, switchPort } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';

/**
 * Both ends of a cable take another MTU. The node knows it; the others on the network do not, and what they send that is
 * larger is dropped at the switch's port without a word. (But for segments that the kernel passes on as one large packet.)
 */
export const linkMtu = defineFault({
  traits: {
    name: 'link.mtu',
    summary: 'a cable takes another MTU, at both ends; what others send that is larger is lost',
    target: 'link',
    options: z.strictObject({
      mtu: z.int().min(576).max(65_535).meta({ description: 'Bytes of an IP packet.' }),
    }),
    refuse(node, { mtu }) {
      if (node.interfaces.every((each) => each.mtu === mtu))
        return { key: 'mtu', message: `the MTU is ${mtu} already` };
      return mtu < leastMtuOfIpv6 && speaks(node, 'ipv6')
        ? { key: 'mtu', message: `an MTU of ${mtu} is too small for IPv6: at least ${leastMtuOfIpv6}` }
        : undefined;
    },
  },

  inject: (lab, { node, network = '' }, { mtu }) => setMtu(lab, node, network, mtu),

  heal(lab, { node, network = '' }) {
    const planned = node.interfaces.find((each) => each.network === network)?.mtu ?? 1500;
    return setMtu(lab, node, network, planned);
  },
});

async function setMtu(lab: LiveLab, node: PlannedNode, network: string, mtu: number): Promise<Landed> {
  const { netns, port } = switchPort(lab.paths, network, node.name);
  const name = node.interfaces.find((each) => each.network === network)?.name ?? network;
  const ends = [
    [netns, port],
    [netnsName(lab.paths, node.name), name],
  ];
  const seen = await lab.script(
    `setting the MTU of ${node.name}`,
    [
      'set -e',
      // One process an end: the shorter the while in which the two differ, the better.
      ...ends.map(
        ([namespace, device]) =>
          `printf 'link set dev ${device} mtu ${mtu}\\nlink show dev ${device}\\n' | ip -n ${namespace} -o -batch -`,
      ),
    ].join('\n'),
  );
  const found = [...seen.matchAll(/ mtu (\d+) /g)].map(([, bytes]) => Number(bytes));
  return {
    landed: found.length === 2 && found.every((bytes) => bytes === mtu),
    evidence: `MTU of ${node.name} on ${network}: ${found[1]}, of its switch port: ${found[0]}`,
  };
}
