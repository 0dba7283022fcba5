/**
 * Cables are cut on the switch's side: taking a link down inside the node would flush the node's own routes
 * and addresses, which a pulled cable does not do.
 */
import type { LiveLab } from '../lab/index.ts';
import { switchPort } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';

export type PortState = 'up' | 'down' | 'blackhole' | 'gone';

/** Shell lines that set the switch ports of a node's cables. `blackhole`: carrier stays, nothing passes. */
export function setPorts(
  lab: LiveLab,
  node: PlannedNode,
  networks: readonly string[],
  state: 'up' | 'down' | 'blackhole',
): string {
  return networks
    .map((network) => {
      const { netns, port } = switchPort(lab.paths, network, node.name);
      const set = {
        up: `link set dev ${port} up`,
        down: `link set dev ${port} down`,
        blackhole: `link set dev ${port} type bridge_slave state 0`,
      }[state];
      return `ip -n ${netns} ${set}`;
    })
    .join('\n');
}

/** Lets packets through a blackholed port again (bridge port state 3 is "forwarding"). */
export function unblockPorts(lab: LiveLab, node: PlannedNode, networks: readonly string[]): string {
  return networks
    .map((network) => {
      const { netns, port } = switchPort(lab.paths, network, node.name);
      return `ip -n ${netns} link set dev ${port} type bridge_slave state 3`;
    })
    .join('\n');
}

/** What the switch says of a node's ports. */
export async function portStates(
  lab: LiveLab,
  node: PlannedNode,
  networks: readonly string[],
): Promise<PortState[]> {
  return Promise.all(
    networks.map(async (network) => {
      const { port } = switchPort(lab.paths, network, node.name);
      const { exitCode, stdout } = await lab.exec(network, ['ip', '-d', '-j', 'link', 'show', 'dev', port]);
      return exitCode === 0 ? portState(stdout) : 'gone';
    }),
  );
}

export const networksOf = (node: PlannedNode): string[] => node.interfaces.map(({ network }) => network);

function portState(json: string): PortState {
  const [link] = JSON.parse(json) as {
    flags: string[];
    linkinfo?: { info_slave_data?: { state?: string } };
  }[];
  if (link === undefined) return 'gone';
  if (!link.flags.includes('UP')) return 'down';
  return link.linkinfo?.info_slave_data?.state === 'disabled' ? 'blackhole' : 'up';
}
