import { rm } from 'node:fs/promises';
import { until } from '../base/until.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { LiveLab } from './live.ts';
import { netnsName, nodePaths, pidFile } from './paths.ts';
import { batchFile, removeCables, sharedDaemons } from './plumbing/index.ts';

/**
 * Takes a node away, whatever state it is in: its cables, its processes, its namespace, its files. Its logs stay. The cables
 * go first, as its processes say goodbye otherwise; who is to be told has been told before.
 * @param others processes that are its own but not in its namespace
 */
export async function removeNode(lab: LiveLab, node: PlannedNode, others: readonly number[]): Promise<void> {
  const { paths, options } = lab;
  const namespace = netnsName(paths, node.name);
  const script = [
    `${removeCables(paths, node.name)} 2>/dev/null || :`,
    `pids="$(ip netns pids ${namespace} 2>/dev/null || :) ${others.join(' ')}"`,
    'kill -KILL $pids 2>/dev/null || :',
    `ip netns del ${namespace} 2>/dev/null || :`,
    `rm -rf ${nodePaths(paths, node.name, options.programs).run}`,
    'echo $pids',
  ];
  const pids = (await lab.script(`removing ${node.name}`, script.join('\n'))).trim().split(/\s+/).map(Number);
  // One that serves others too drops the connections of this one; its socket keeps the nameless namespace until it ends.
  const { shared } = lab.kindOf(node);
  if (shared !== undefined && others.length === 0)
    await shared.control(lab.view(node), 'crash').catch(() => undefined);
  await until(
    async () => {
      const states = await Promise.all(pids.filter((pid) => pid > 0).map((pid) => lab.processState(pid)));
      const left = states.filter((state) => state !== 'dead').length;
      return { ok: left === 0, saw: `${left} processes are left` };
    },
    { withinMs: 5000, everyMs: 20, why: `${node.name} to be gone`, code: 'processes-left' },
  );
  await rm(nodePaths(paths, node.name, options.programs).files, { recursive: true, force: true });
  await rm(batchFile(paths, node), { force: true });
}

/** Processes that serve nobody but this node, and are not in its namespace. */
export async function soleProcesses(lab: LiveLab, { name }: PlannedNode): Promise<number[]> {
  const own = sharedDaemons(lab.plan, lab.paths, lab.options).filter(({ nodes }) => nodes.join() === name);
  const pids = await Promise.all(
    own.map(async ({ daemon }) => {
      const pid = Number(await lab.host.readFile(pidFile(lab.paths, name, daemon.name)).catch(() => ''));
      return pid > 0 && (await lab.processState(pid)) !== 'dead' ? [pid] : [];
    }),
  );
  return pids.flat();
}
