/**
 * Cables are cut on the switch's side: taking a link down inside the node would flush the node's own routes
 * and addresses, which a pulled cable does not do.
 */
import type { LiveLab } from '../lab/index.ts';
import { switchPort } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';

export type PortState = 'up' | 'down' | 'blackhole' | 'gone';

/** Shell lines that set the switch ports of a node's cables. `blackhole`: unplugged from the bridge, the carrier stays. */
export function setPorts(
  lab: LiveLab,
  node: PlannedNode,
  networks: readonly string[],
  state: Exclude<PortState, 'gone'>,
): string {
  return networks
    .map((network) => {
      const { netns, port } = switchPort(lab.paths, network, node.name);
      const settings = { up: `master ${network} up`, down: 'down', blackhole: 'nomaster up' }[state];
      return `ip -n ${netns} link set dev ${port} ${settings}`;
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
      const { exitCode, stdout } = await lab.exec(network, ['ip', '-j', 'link', 'show', 'dev', port]);
      return exitCode === 0 ? portState(stdout) : 'gone';
    }),
  );
}

export const networksOf = (node: PlannedNode): string[] => node.interfaces.map(({ network }) => network);

function portState(json: string): PortState {
  const [link] = JSON.parse(json) as { flags: string[]; master?: string }[];
  if (link === undefined) return 'gone';
  if (!link.flags.includes('UP')) return 'down';
  return link.master === undefined ? 'blackhole' : 'up';
}
