/** What `tierlab test --pcap` keeps of a connection that broke, and that it leaves nothing else. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explained } from './explained.ts';
import { type Home, judged, makeHome, threeTier } from './tierlab.ts';

let home: Home;

beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

/** labs/01-l4-crash, with fewer connections. */
const scenario = `name: an L4 node crashes
topology: ${threeTier}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 40, heartbeat: 500ms, timeout: 4s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: crash, fault: node.crash, target: l4-1}
duration: 6s
expect:
  - held.broken == 0
control:
  set: {l4.sloppy_tcp: false}
  expect:
    - held.broken > 0
    - held.broken == held.exposed
`;

async function written(): Promise<string> {
  const file = join(home.directory, 'crash.yaml');
  await writeFile(file, scenario);
  return file;
}

/** Lines of tcpdump, in the order of the file. */
async function read(file: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('tcpdump', ['-n', '-tt', '-r', file]);
  return stdout.trim().split('\n');
}

test("a reset connection's packets lead from its SYN through every tier to the RST, as the verdict says", {
  timeout: 600_000,
}, async () => {
  const outcome = await judged(home, await written(), '--pcap', '--pcap-flows', '3');
  const [run] = outcome.document.scenarios;
  if (outcome.exitCode !== 0 || run === undefined) expect.fail(await explained(home, outcome));
  expect(outcome.stderr).toContain('no flow broke or stalled: no packets are kept');
  expect(outcome.stderr).toMatch(
    /packets of 3 of \d+ flows kept in .*control-pcap \(--pcap-flows all: of all\)/,
  );
  expect((await readdir(run.runDir)).filter((name) => name.endsWith('pcap'))).toEqual(['control-pcap']);
  expect(await readdir(join(run.runDir, 'control-pcap'))).toHaveLength(3);

  const kept = (run.control?.brokenFlows ?? []).flatMap((flow) =>
    flow.packets === undefined ? [] : [{ ...flow, packets: flow.packets }],
  );
  expect(kept).toHaveLength(3);
  for (const { client, l4Before, l7, cause, packets } of kept) {
    expect([cause, packets.ended]).toEqual(['rst', { by: 'l4-2', with: 'RST' }]);
    // In the order in which they had it: the dead balancer before the one that knew nothing of the flow.
    const order = packets.nodes.filter((node) => !/^r-\d$/.test(node));
    expect(order).toEqual(['client', 'edge', l4Before, l7, 'l4-2']);
    expect(packets.nodes.some((node) => /^r-\d$/.test(node))).toBe(true);

    const lines = await read(join(run.runDir, packets.file));
    expect(lines).toHaveLength(packets.count);
    expect(lines.filter((line) => !line.includes(client.replace(':', '.')))).toEqual([]);
    expect(lines[0]).toContain('Flags [S]');
    expect(lines.at(-1)).toContain('Flags [R]');
    // In the tunnel from the balancer to the proxy.
    expect(lines.some((line) => /IP 192\.0\.2\.131 > 192\.0\.2\.\d+: IP /.test(line))).toBe(true);
  }
  expect(await home.inventory()).toEqual([]);
});

test('an interrupted run leaves neither rings nor packets', { timeout: 300_000 }, async () => {
  const runs = join(home.directory, 'interrupted');
  const { child, outcome } = home.start('test', await written(), '--host', 'uml', '--pcap', '--runs', runs);
  child.stderr?.on('data', (text: Buffer | string) => {
    if (String(text).includes('playing the timeline')) child.kill('SIGINT');
  });
  expect((await outcome).exitCode).toBe(130);
  expect(await home.inventory()).toEqual([]);
  const files = await readdir(runs, { recursive: true });
  expect(files.filter((file) => /pcap|packets/.test(file))).toEqual([]);
});
