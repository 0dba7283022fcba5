/**
 * A backend that an operator drained or took out of use stays so when HAProxy starts anew: it reads the states of those from a file
 * before it serves anybody (configuration.txt, `server-state-file`; management.txt, `show servers state`).
 */
import type { PlannedNode } from '../../topology/types.ts';
import type { LabView, NodePaths } from '../contract.ts';
import { statsSocket } from './stats.ts';

export const statesFile = 'backends.state';
export const statesPath = ({ linked }: Pick<NodePaths, 'linked'>): string => `${linked}/${statesFile}`;

/** The version of the format, and no backend: all are as their checks say. */
export const noStates = '1\n';

/** Writes down which of the node's backends are out of use now. */
export function keepStates(lab: LabView, node: PlannedNode): Promise<void> {
  const view = lab.view(node);
  // Of two that change something at once, the later one sees both.
  return lab.alone(async () =>
    lab.write(
      node,
      statesFile,
      statesOf(await view.ask(statsSocket(view.paths), 'show servers state\n'), node),
    ),
  );
}

/** Of `show servers state`, the lines of backends of the node that are drained or in maintenance by command. */
export function statesOf(said: string, { targets }: Pick<PlannedNode, 'targets'>): string {
  const known = new Set(targets.map((target) => target.node));
  const kept = said.split('\n').filter((line) => {
    const [, , , name = '', , , admin] = line.split(' ');
    return known.has(name) && (Number(admin) & (forcedMaintenance | forcedDrain)) !== 0;
  });
  return [noStates, ...kept.map((line) => `${line}\n`)].join('');
}

/** Bits of `srv_admin_state`: SRV_ADMF_FMAINT, SRV_ADMF_FDRAIN (HAProxy include/haproxy/server-t.h). */
const forcedMaintenance = 0x01;
const forcedDrain = 0x08;
