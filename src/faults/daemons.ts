/** A node's own daemons: which there are, ending one, starting one. */
import { z } from 'zod';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import type { Refusal } from '../scenario/types.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { Landed } from './contract.ts';

/** Which kinds run which daemons; an announcer, only those who announce the VIPs themselves. */
export const runs = {
  bird: ['bird', 'ipvs', 'haproxy'],
  keepalived: ['ipvs'],
  haproxy: ['haproxy'],
  announcer: ['haproxy'],
} as const;

export const daemonField = z
  .enum(Object.keys(runs) as (keyof typeof runs)[], {
    error: `must be one of ${Object.keys(runs).join(', ')}`,
  })
  .meta({ description: "One of the node's daemons." });

export const kindsWithDaemons: readonly string[] = [...new Set(Object.values(runs).flat())];

export function refuseDaemon(
  { name, kind, announces }: PlannedNode,
  daemon: keyof typeof runs,
): Refusal | undefined {
  const own = Object.entries(runs)
    .filter(([, kinds]) => (kinds as readonly string[]).includes(kind))
    .map(([each]) => each)
    .filter((each) => each !== 'announcer' || announces);
  if (own.includes(daemon)) return undefined;
  return {
    key: 'daemon',
    message: `${name} runs no ${daemon}`,
    hint: `daemons of ${name}: ${own.join(', ')}`,
  };
}

/** Sends a signal and waits until the process is gone; SIGKILL hits its children too, which would go on alone. */
export async function endDaemon(
  lab: LiveLab,
  node: PlannedNode,
  daemon: string,
  signal: 'KILL' | 'TERM',
): Promise<Landed> {
  const { pid, state } = await statusOf(lab, node, daemon);
  if (pid === undefined || state === 'dead')
    return { landed: false, evidence: `${daemon} of ${node.name} is not running` };
  const children = `$(cat /proc/${pid}/task/${pid}/children 2>/dev/null || true)`;
  const whom = signal === 'KILL' ? `${pid} ${children}` : pid;
  await lab.script(`killing ${daemon} of ${node.name}`, `kill -${signal} ${whom}`);
  const gone = await until(
    async () => {
      const saw = await lab.processState(pid);
      return { ok: saw === 'dead', saw };
    },
    { withinMs: 5000, why: `${daemon} of ${node.name} to end`, everyMs: 20 },
  );
  return { landed: gone.ok, evidence: `${daemon} of ${node.name} (${pid}) is ${gone.saw}` };
}

/** Starts it, unless it runs, and waits until the node works again; not while another of its daemons is dead. */
export async function startDaemon(lab: LiveLab, node: PlannedNode, daemon: string): Promise<Landed> {
  const before = await statusOf(lab, node, daemon);
  if (before.state === 'dead') await lab.startDaemon(node, daemon);
  const { pid, state } = await statusOf(lab, node, daemon);
  const lacking = (await lab.daemons(node)).find((each) => !each.shared && each.state !== 'running');
  const saw =
    lacking === undefined ? (await isReady(lab, node)).saw : `${lacking.name} is ${lacking.state} still`;
  return { landed: state === 'running', evidence: `${daemon} of ${node.name} (${pid}) is ${state}: ${saw}` };
}

/** Waits until a node works, seen from itself. */
export function isReady(lab: LiveLab, node: PlannedNode): Promise<{ ok: boolean; saw: string }> {
  const view = lab.view(node);
  return until(
    () =>
      lab
        .kindOf(node)
        .ready(view)
        .catch((error: unknown) => ({ ok: false, saw: (error as Error).message })),
    { withinMs: 15_000, why: `${node.name} to be ready`, everyMs: 50 },
  );
}

export async function statusOf(
  lab: LiveLab,
  node: PlannedNode,
  daemon: string,
): Promise<{ pid: number | undefined; state: string }> {
  const found = (await lab.daemons(node)).find(({ name, shared }) => name === daemon && !shared);
  return { pid: found?.pid, state: found?.state ?? 'not there' };
}
