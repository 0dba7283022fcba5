/** Is a node ready to do its work? And if not, why: its last answer, its daemon's last words. */
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { WorldError } from '../base/errors.ts';
import { limit } from '../base/limit.ts';
import { type Probe, until } from '../base/until.ts';
import type { PlannedNode } from '../topology/types.ts';
import type { LiveLab } from './live.ts';
import { logFile } from './paths.ts';

interface ReadyOptions {
  /** How long a node may take to turn ready. Default 30 s. */
  readonly readyWithinMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** @returns what each node that is ready says of itself */
export async function waitForNodes(
  live: LiveLab,
  nodes: readonly PlannedNode[],
  { readyWithinMs = 30_000, signal }: ReadyOptions,
): Promise<string[]> {
  const inTurn = limit(probesAtOnce);
  return Promise.all(
    nodes.map(async (node) => {
      const probe = (): Promise<Probe> =>
        inTurn(async () => {
          const found = await probeNode(live, node);
          if (!found.ok) await assertDaemonsLive(live, node);
          return found;
        });
      try {
        const { saw } = await until(probe, {
          withinMs: readyWithinMs,
          everyMs: 80,
          mostMs: Math.max(200, pausePerNodeMs * nodes.length),
          why: `node ${node.name} (${node.kind}) to be ready`,
          signal,
          code: 'node-not-ready',
        });
        return `${node.name}: ${saw}`;
      } catch (error) {
        throw await withLogs(error, live, node);
      }
    }),
  );
}

/** Who asks a hundred nodes at once, or again and again, leaves a guest no time for anything else. */
const pausePerNodeMs = 10;
export const probesAtOnce = 16;

export async function probeNode(live: LiveLab, node: PlannedNode): Promise<Probe> {
  return live
    .kindOf(node)
    .ready(live.view(node))
    .catch((error: unknown): Probe => ({ ok: false, saw: String((error as Error).message) }));
}

/** A daemon that exited will not turn ready: say so at once, with its command and its last words. */
export async function assertDaemonsLive(live: LiveLab, node: PlannedNode): Promise<void> {
  for (const daemon of await live.daemons(node)) {
    if (daemon.state !== 'dead') continue;
    const argv = live
      .kindOf(node)
      .daemons(node, live.plan, live.view(node).paths)
      .find(({ name }) => name === daemon.name)?.argv;
    throw new WorldError(`node ${node.name}: ${daemon.name} exited`, {
      code: 'daemon-exited',
      exitCode: 4,
      ...(argv === undefined ? {} : { details: [`command: ${argv.join(' ')}`] }),
      hint: `its log: ${logFile(live.paths, node.name, daemon.name)}`,
    });
  }
}

export async function withLogs(error: unknown, live: LiveLab, node: PlannedNode): Promise<unknown> {
  if (!(error instanceof WorldError)) return error;
  const tails = await Promise.all(
    live
      .kindOf(node)
      .daemons(node, live.plan, live.view(node).paths)
      .map(async ({ name }) => {
        const text = await readFile(logFile(live.paths, node.name, name), 'utf8').catch(() => '');
        return text
          .trim()
          .split('\n')
          .slice(-6)
          .filter(Boolean)
          .map((line) => `${name}: ${line}`);
      }),
  );
  return new WorldError(error.message, {
    code: error.code,
    exitCode: error.exitCode,
    details: [...error.details, ...tails.flat()],
    hint:
      error.hint ??
      `look at it with \`tierlab logs ${basename(dirname(logFile(live.paths, node.name, 'x')))}\``,
    cause: error,
  });
}
