import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { requirePlace, withPlumbing } from '../labs.ts';
import { exec } from './exec.ts';

/** An interactive shell with a terminal of its own; without a terminal here, commands are read from stdin. */
export async function shell(context: Context, node: string, options: { lab?: string }): Promise<number> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return exec(context, node, ['bash'], options);
  return withPlumbing(options.lab, async (live) => {
    context.signal.throwIfAborted();
    const place = requirePlace(live, node);
    const size = (): { rows: number; columns: number } => ({
      rows: process.stdout.rows,
      columns: process.stdout.columns,
    });
    const env = { TERM: process.env.TERM ?? 'xterm', PS1: `${place}# ` };
    // --norc: the machine's bashrc would set its own prompt; the node's name is what one needs to see.
    const child = live.host.spawn(live.inside(place, ['bash', '--norc', '-i']), { terminal: size(), env });
    const onResize = (): void => child.resize(size());
    // Nobody types any more: told to end, or its terminal is closed.
    const hangUp = (): void => child.kill('SIGHUP');
    context.signal.addEventListener('abort', hangUp, { once: true });
    process.stdout.on('resize', onResize);
    process.stdin.setRawMode(true);
    process.stdin.pipe(child.stdin);
    child.stdin.on('error', () => undefined);
    const copy = pipeline(child.stdout, process.stdout, { end: false });
    try {
      const { exitCode } = await child.exited;
      await copy.catch(() => undefined);
      return exitCode;
    } finally {
      context.signal.removeEventListener('abort', hangUp);
      process.stdin.setRawMode(false);
      process.stdin.unpipe();
      process.stdin.destroy();
      process.stdout.off('resize', onResize);
    }
  });
}
