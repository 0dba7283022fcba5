import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes } from '../../base/errors.ts';
import { plainButColours } from '../../base/plain.ts';
import { formatDuration } from '../../base/units.ts';
import type { Context } from '../context.ts';
import { withLab } from '../labs.ts';
import { table } from '../table.ts';
import { type Frame, type TrafficFrame, Watching } from '../watching.ts';

/** A view of the lab that is drawn anew each second until `q` or Ctrl-C; one frame as plain text where there is no terminal. */
export async function watch(context: Context, { lab }: { readonly lab?: string }): Promise<number> {
  return withLab(
    lab,
    async (live) => {
      const watching = new Watching(live);
      const once = context.format === 'json' || !process.stdout.isTTY;
      if (once) {
        const frame = await watching.look();
        context.printJson(frame);
        context.print(draw(frame, context, '').join('\n'));
        return exitCodes.pass;
      }
      await onScreen(context, async () => draw(await watching.look(), context));
      return exitCodes.pass;
    },
    'daemons',
  );
}

/** The alternate screen: what was on the terminal before is there again afterwards. */
async function onScreen(context: Context, render: () => Promise<readonly string[]>): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  const onKey = (key: Buffer): void => {
    if (key.includes('q') || key.includes(3)) end();
  };
  context.signal.addEventListener('abort', end, { once: true });
  if (process.stdin.isTTY) process.stdin.setRawMode(true).on('data', onKey).resume();
  process.stdout.write(`${esc}?1049h${esc}?25l`);
  try {
    while (!stop.signal.aborted) {
      const began = performance.now();
      const lines = (await render()).slice(0, (process.stdout.rows ?? 50) - 1);
      // Each line is overwritten in place and its end cleared: nothing flickers.
      const clipped = lines.map(
        (line) => `${clip(plainButColours(line), process.stdout.columns ?? 100)}${esc}K`,
      );
      process.stdout.write(`${esc}H${clipped.join('\r\n')}\r\n${esc}J`);
      const pause = Math.max(100, 1000 - (performance.now() - began));
      await delay(pause, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.stdout.write(`${esc}?25h${esc}?1049l`);
    if (process.stdin.isTTY) process.stdin.off('data', onKey).setRawMode(false).pause();
  }
}

const esc = '\u001b[';

function draw(frame: Frame, context: Context, remark = 'q ends'): string[] {
  const { colour } = context;
  const { lab, host, t, nodes, flows, traffic, faults, events } = frame;
  const width = process.stdout.isTTY ? process.stdout.columns : 200;
  const rows = nodes.map(({ node, kind, state, facts }) => [node, kind, state, facts.join('; ')]);
  const paint = (cell: string, column: number): string =>
    column !== 2 ? cell : cell.startsWith('up') ? colour.green(cell) : colour.red(cell);
  const l7s = [...new Set(flows.flatMap(({ targets }) => Object.keys(targets)))].sort();
  return [
    `${colour.bold(`Lab ${lab}`)} on host ${host}  ${new Date(t).toTimeString().slice(0, 8)}  ${colour.dim(remark)}`.trimEnd(),
    '',
    ...table(
      ['NODE', 'KIND', 'STATE', 'AT A GLANCE'],
      rows.map((row) => row.map((cell) => clip(cell, width))),
      paint,
    ).split('\n'),
    '',
    ...(l7s.length === 0
      ? ['No live flows.']
      : table(
          ['LIVE FLOWS', ...l7s, 'all'],
          flows.map(({ node, targets }) => [
            node,
            ...l7s.map((l7) => String(targets[l7] ?? 0)),
            String(Object.values(targets).reduce((sum, count) => sum + count, 0)),
          ]),
        ).split('\n')),
    '',
    ...(traffic === undefined
      ? [colour.dim('No traffic by hand: tierlab traffic start --connections 100')]
      : trafficLines(traffic, context)),
    ...(faults.length === 0
      ? []
      : [
          '',
          colour.bold('By hand'),
          ...faults.map(
            ({ name, fault, target, state }) =>
              `  ${colour.yellow(`${name}: ${fault} ${target} (${state})`)}`,
          ),
        ]),
    ...(events.length === 0 ? [] : ['', colour.bold('Events'), ...events.map((event) => `  ${event}`)]),
  ];
}

function trafficLines(traffic: TrafficFrame, { colour }: Context): string[] {
  const { underWay, open, broken, beats, requests, failed, slowestMs, failedInAll } = traffic;
  const causes = Object.entries(broken).map(([cause, count]) => `${count} ${cause}`);
  const bad = (text: string, isBad: boolean): string => (isBad ? colour.red(text) : text);
  return [
    colour.bold(`Traffic ${underWay ? 'under way' : 'stopped'}`),
    `  ${open} connections open, ${bad(causes.length === 0 ? 'none broken' : `broken: ${causes.join(', ')}`, causes.length > 0)}; ${failedInAll} requests failed in all`,
    `  last second: ${beats} heartbeats, ${requests} requests, ${bad(`${failed} failed`, failed > 0)}, slowest ${formatDuration(slowestMs)}`,
  ];
}

/** Colour codes take no room. */
function clip(line: string, width: number): string {
  let room = width;
  let text = '';
  for (const [part] of line.matchAll(/\u001b\[[\d;]*m|[^\u001b]/gu)) {
    if (part.startsWith('\u001b')) text += part;
    else if (room-- > 0) text += part;
  }
  return text;
}
