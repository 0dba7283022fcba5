/** Judging and foretelling: a history of five million events in a process of its own, and the largest table of `mh`. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { execa } from 'execa';
import { buildTable } from '../../src/oracle/index.ts';
import type { Measurement } from './contract.ts';
import { median, takeTurns, timed } from './samples.ts';

const millions = 5;
const flows = 1000;

export const judging: Measurement = {
  names: ['judge'],
  async run({ dist, scratch, signal, report }, found) {
    report({ type: 'step', message: `judging ${millions} million events` });
    const folder = join(scratch, 'judge');
    await mkdir(folder, { recursive: true });
    await writeHistory(join(folder, 'main.jsonl'), millions * 1e6);
    let peak = 0;
    const samples = await takeTurns(
      {
        judge: () =>
          timed(async () => {
            // GNU time is not everywhere; the kernel keeps the peak for us until the process is gone.
            const script =
              'process.on("exit",()=>process.stderr.write("\\n"+process.resourceUsage().maxRSS+"\\n"))';
            const hook = `data:text/javascript,${encodeURIComponent(script)}`;
            const { stderr } = await execa(
              process.execPath,
              ['--import', hook, join(dist, 'tierlab.js'), 'judge', folder],
              { reject: false, cancelSignal: signal },
            );
            peak = Math.max(peak, Number(stderr.trim().split('\n').at(-1)) / 1000);
          }),
      },
      { repeats: 1, signal },
    );
    found({
      measurement: 'judge',
      what: `a history of ${millions} million events`,
      unit: 'ms',
      measured: median(samples.judge),
      goal: { of: 'measured', atMost: 10_000 },
    });
    found({
      measurement: 'judge',
      what: 'memory for it, at the most',
      unit: 'MB',
      measured: peak,
      goal: { of: 'measured', atMost: 300 },
    });
  },
};

export const table: Measurement = {
  names: ['oracle'],
  async run({ repeats, signal, report }, found) {
    report({ type: 'step', message: 'the table of mh for 1,000 servers' });
    const servers = Array.from({ length: 1000 }, (_, i) => ({
      address: `10.0.${Math.floor(i / 250)}.${(i % 250) + 1}`,
      port: 80,
      weight: 1,
    }));
    const samples = await takeTurns(
      { build: () => timed(async () => buildTable(servers, 65_521)) },
      { repeats, warmUps: 2, signal },
    );
    found({
      measurement: 'oracle',
      what: 'mh table, 1,000 servers × 65,521 slots',
      unit: 'ms',
      measured: median(samples.build),
      goal: { of: 'measured', atMost: 100 },
    });
  },
};

/** A thousand connections that stand and are answered once a second. */
async function writeHistory(file: string, events: number): Promise<void> {
  const stream = createWriteStream(file);
  const start = 1_760_000_000_000;
  const lines: string[] = [];
  const add = async (event: object): Promise<void> => {
    lines.push(JSON.stringify(event));
    if (lines.length < 10_000) return;
    if (!stream.write(`${lines.join('\n')}\n`)) await once(stream, 'drain');
    lines.length = 0;
  };
  const spec = { name: 'held', type: 'held-tcp', connections: flows, heartbeatMs: 1000, timeoutMs: 5000 };
  const beats = Math.floor((events - 2 * flows - 5) / flows);
  await add({
    type: 'run',
    t: start,
    tierlab: 'bench',
    format: 1,
    scenario: 'many events',
    role: 'main',
    lab: 'bench',
    host: 'none',
    kernel: 'none',
    seed: 1,
    traffic: [{ ...spec, uploadBytes: 256, downloadBytes: 256 }],
    expect: ['held.broken == 0', 'held.blackout.p99 < 1s'],
    steadyForMs: 1000,
    durationMs: beats * 1000,
    timeline: [],
  });
  for (let flow = 0; flow < flows; flow++) {
    const client = `203.0.113.${flow % 250}:${20_000 + flow}`;
    const ways = { l7: `l7-${flow % 3}`, backend: `web-${flow % 3}`, connection: `c${flow}`, connectMs: 1 };
    await add({ type: 'open', t: start + flow, traffic: 'held', flow, client, ...ways });
  }
  for (const phase of ['steady', 'timeline']) await add({ type: 'phase', t: start + 2000, phase });
  for (let seq = 0; seq < beats; seq++)
    for (let flow = 0; flow < flows; flow++) {
      const t = start + 2000 + seq * 1000 + flow;
      await add({ type: 'beat', t, traffic: 'held', flow, seq, ms: 1 + ((seq + flow) % 7) });
    }
  await add({ type: 'phase', t: start + 2000 + beats * 1000, phase: 'end' });
  for (let flow = 0; flow < flows; flow++)
    await add({ type: 'close', t: start + 2001 + beats * 1000, traffic: 'held', flow, waitingMs: 0 });
  stream.end(`${lines.join('\n')}\n`);
  await finished(stream);
}
