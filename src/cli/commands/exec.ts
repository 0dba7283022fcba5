import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { HostProcess } from '../../hosts/contract.ts';
import type { Context } from '../context.ts';
import { requirePlace, withPlumbing } from '../labs.ts';

/** Runs a program in a node with this process' stdin, stdout, stderr; its exit code is ours. */
export async function exec(
  context: Context,
  node: string,
  argv: readonly string[],
  { lab }: { lab?: string },
): Promise<number> {
  return withPlumbing(lab, async (live) => {
    context.signal.throwIfAborted();
    const child = live.host.spawn(live.inside(requirePlace(live, node), argv));
    context.signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    process.stdin.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const copied = Promise.all([
      copy(child.stdout, process.stdout, child),
      copy(child.stderr, process.stderr, child),
    ]);
    const { exitCode } = await child.exited;
    await copied;
    process.stdin.unpipe();
    process.stdin.destroy();
    return exitCode;
  });
}

/**
 * Whoever reads may stop reading (`| head`) long before the program ends: then it ends as it would in the shell. What it had
 * said by then is still read, or it could not end.
 */
function copy(from: Readable, to: Writable, child: Pick<HostProcess, 'kill'>): Promise<void> {
  to.once('error', () => {
    from.unpipe(to).resume();
    child.kill('SIGPIPE');
  });
  from.pipe(to, { end: false });
  return finished(from, { writable: false }).catch(() => undefined);
}
