/** A network: a bridge in a namespace of its own, and cables from it into nodes. */
import type { PlannedNetwork } from '../../topology/types.ts';
import { type LabPaths, netnsName } from '../paths.ts';
import { lines } from './steps.ts';

/** The port of a node on a network's switch carries the node's name. */
export function switchPort(lab: LabPaths, network: string, node: string): { netns: string; port: string } {
  return { netns: netnsName(lab, network), port: node };
}

/** The bridge goes up last: one that is up looks at all its ports whenever one comes (Linux net/bridge/br_stp.c, br_port_state_selection). */
export function switchBatch(network: PlannedNetwork, lab: LabPaths): string {
  return lines([
    `link add name ${network.name} mtu ${network.mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
    ...network.members.map((member) => cable(network, member, lab)),
    `link set ${network.name} up`,
  ]);
}

/**
 * One request makes both ends of a cable, plugs one into the bridge and puts the other into the node. A veth device has a queue for
 * each processor of the machine if nobody says otherwise (Linux drivers/net/veth.c, veth_get_num_queues), and each costs memory,
 * files in sysfs, and half of the time on a machine of four.
 */
export function cable(
  network: PlannedNetwork,
  { node, interface: name, mac }: PlannedNetwork['members'][number],
  lab: LabPaths,
): string {
  return (
    `link add name ${node} mtu ${network.mtu} ${oneQueue} master ${network.name} up type veth ` +
    `peer name ${name} mtu ${network.mtu} ${oneQueue} address ${mac} group ${cableGroup} netns ${netnsName(lab, node)}`
  );
}

/**
 * Shell line that takes all cables of a node away in one request: nothing that is sent leaves it, and from one moment to the next nothing
 * reaches it (Linux net/core/rtnetlink.c, rtnl_group_dellink; net/core/dev.c, dev_close_many). One after another, a router lives on with
 * its last ones, and tells the senders of answers that it knows no way (ICMP): an L4 node takes that for a packet of the flow.
 */
export const removeCables = (lab: LabPaths, node: string): string =>
  `ip -n ${netnsName(lab, node)} link del group ${cableGroup}`;

/** Of a node's ends of its cables, so that they can be named together. */
const cableGroup = 1;

const oneQueue = 'numtxqueues 1 numrxqueues 1';
