/** Looking at a star's namespaces and removing them, by the prefix of their names. */
import { readdir } from 'node:fs/promises';
import { execa } from 'execa';
import { until } from '../../src/base/until.ts';

export async function namespacesOf(prefix: string): Promise<string[]> {
  const names = await readdir('/run/netns').catch(() => []);
  return names.filter((name) => name.startsWith(prefix));
}

/**
 * Is it all there: the nodes' ports plugged into the switch and up, and in the last node an address and an answer?
 * @throws Error if a node is missing, so that no time counts in which less was made
 */
export async function assertStar(prefix: string, nodes: number): Promise<void> {
  const last = `${prefix}n-${nodes}`;
  const { stdout: ports } = await execa('ip', [
    '-n',
    `${prefix}star`,
    '-o',
    'link',
    'show',
    'master',
    'star',
    'up',
  ]);
  const plugged = ports.split('\n').filter((line) => line.includes('state UP')).length;
  if (plugged !== nodes) throw new Error(`${plugged} of ${nodes} ports are up`);
  const { stdout } = await execa('ip', ['-n', last, '-o', '-4', 'address', 'show', 'dev', 'star']);
  if (!stdout.includes('inet 10.0.')) throw new Error(`${last} has no address: ${stdout}`);
}

/**
 * Removes the nodes, waits until the kernel has taken their cables apart (it does so after the command has returned, and
 * would go on into the next sample), then removes the switch. Idempotent.
 */
export async function removeStar(prefix: string): Promise<void> {
  const names = await namespacesOf(prefix);
  const hub = `${prefix}star`;
  await deleteAll(names.filter((name) => name !== hub));
  if (!names.includes(hub)) return;
  await until(
    async () => {
      const { stdout } = await execa('ip', ['-n', hub, '-o', 'link', 'show', 'type', 'veth'], {
        reject: false,
      });
      return { ok: stdout.trim() === '', saw: `${stdout.split('\n').length} ports` };
    },
    { withinMs: 60_000, everyMs: 20, why: 'the cables of removed namespaces to go' },
  );
  await deleteAll([hub]);
}

async function deleteAll(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const input = names.map((name) => `netns del ${name}\n`).join('');
  await execa('ip', ['-force', '-batch', '-'], { input });
}
