/** Steps of the plumber in the words of a lab, and where what they read is. */
import { join } from 'node:path';
import type { PlannedNetwork, PlannedNode } from '../../topology/types.ts';
import { type LabPaths, logFile, netnsPath, pidFile } from '../paths.ts';
import type { PlacedDaemon } from './daemons.ts';
import type { Step } from './plumber.ts';

export const enter = (lab: LabPaths, nodeOrNetwork: string): Step => ({
  do: 'enter',
  path: netnsPath(lab, nodeOrNetwork),
});

export const batch = (file: string, flags: readonly string[] = []): Step => ({
  do: 'run',
  argv: ['ip', ...flags, '-batch', file],
});

export const start = (
  lab: LabPaths,
  { node, name, argv, urgent = false, late = false }: PlacedDaemon,
): Step => ({
  do: 'start',
  argv,
  log: logFile(lab, node, name),
  pidFile: pidFile(lab, node, name),
  priority: urgent && !late ? urgentPriority : 0,
});

const urgentPriority = -15;

export const upFile = (lab: LabPaths): string => join(lab.plumbing, 'up.steps');

export const plumberFile = (lab: LabPaths): string => join(lab.plumbing, 'plumber.pl');

export const switchFile = (lab: LabPaths, network: PlannedNetwork): string =>
  join(lab.plumbing, `${network.name}.batch`);

export const batchFile = (lab: LabPaths, node: PlannedNode): string =>
  join(lab.plumbing, `${node.name}.batch`);

export const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;
