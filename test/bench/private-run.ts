/**
 * A mount namespace with a /run of its own, in memory. Named namespaces are files in /run/netns: what the bench makes is seen by nobody
 * else, is gone with the process that holds it, and costs the same on a machine whose /run is on a disk.
 */
import { execa } from 'execa';
import { until } from '../../src/base/until.ts';
import type { Bench } from './contract.ts';

export interface PrivateRun {
  /** Put before a command, it runs in there. */
  readonly enter: readonly string[];
  /** Where its /run is seen from outside. */
  readonly folder: string;
}

/** It ends with the bench, and everything in it. */
export async function openPrivateRun(bench: Bench): Promise<PrivateRun> {
  const script = 'mount -t tmpfs tierlab-bench /run && mkdir /run/netns && echo ready && exec cat';
  const holder = execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
    stdin: 'pipe',
    buffer: false,
    reject: false,
  });
  bench.defer.add('the private /run', async () => {
    holder.stdin.end();
    await holder;
  });
  let said = '';
  holder.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => ({ ok: said === 'ready\n', saw: said }), { withinMs: 5000, why: 'a private /run' });
  return {
    enter: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, '--'],
    folder: `/proc/${holder.pid}/root/run`,
  };
}
