import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { requirePlace, withLab } from '../labs.ts';

/** Runs a program in a node with this process' stdin, stdout, stderr; its exit code is ours. */
export async function exec(
  context: Context,
  node: string,
  argv: readonly string[],
  { lab }: { lab?: string },
): Promise<number> {
  return withLab(lab, async (live) => {
    const child = live.host.spawn(live.inside(requirePlace(live, node), argv));
    context.signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    process.stdin.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const copies = [
      pipeline(child.stdout, process.stdout, { end: false }),
      pipeline(child.stderr, process.stderr, { end: false }),
    ];
    const { exitCode } = await child.exited;
    await Promise.allSettled(copies);
    process.stdin.unpipe();
    process.stdin.destroy();
    return exitCode;
  });
}
