/** What `tierlab test --pcap` keeps of a connection that broke, and that it leaves nothing else. */
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
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

async function written(text = scenario): Promise<string> {
  const file = join(home.directory, 'scenario.yaml');
  await writeFile(file, text);
  return file;
}

/** Those with the client's own address and port, plain or in a tunnel, and the others. */
function legs(lines: readonly string[], client: string): [string[], string[]] {
  const isOwn = (line: string): boolean => line.includes(client.replace(':', '.'));
  return [lines.filter(isOwn), lines.filter((line) => !isOwn(line))];
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
  for (const { client, l4Before, l7, backend, cause, packets } of kept) {
    expect([cause, packets.ended]).toEqual(['rst', { by: 'l4-2', with: 'RST' }]);
    // In the order in which they had it: the dead balancer before the one that knew nothing of the flow.
    const order = packets.nodes.filter((node) => !/^r-\d$/.test(node));
    expect(order).toEqual(['client', 'edge', l4Before, l7, backend, 'l4-2']);
    expect(packets.nodes.some((node) => /^r-\d$/.test(node))).toBe(true);

    const lines = await read(join(run.runDir, packets.file));
    expect(lines).toHaveLength(packets.count);
    const [own, onward] = legs(lines, client);
    expect(own[0]).toContain('Flags [S]');
    expect(own.at(-1)).toContain('Flags [R]');
    // The proxy knows nothing of it: its own connection to the backend stands.
    expect(onward[0]).toMatch(/ > 10\.1\.0\.\d+\.80: Flags \[S\]/);
    expect(onward.filter((line) => /Flags \[[^\]]*[FR]/.test(line))).toEqual([]);
    // In the tunnel from the balancer to the proxy.
    expect(lines.some((line) => /IP 192\.0\.2\.131 > 192\.0\.2\.\d+: IP /.test(line))).toBe(true);
  }
  expect(await home.inventory()).toEqual([]);
});

const killed = `name: a proxy's process dies
topology: ${threeTier}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 20, heartbeat: 500ms, timeout: 4s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: kill, fault: daemon.kill, target: l7-1, daemon: haproxy}
duration: 2s
expect:
  - held.broken == held.own_share
`;

test('the connection from the proxy to the backend is there from its SYN to its end, whoever ended it', {
  timeout: 300_000,
}, async () => {
  const outcome = await judged(home, await written(killed), '--pcap', '--pcap-flows', '2');
  const [run] = outcome.document.scenarios;
  if (outcome.exitCode !== 0 || run === undefined) expect.fail(await explained(home, outcome));
  const flows = run.brokenFlows.filter(({ packets }) => packets !== undefined);
  expect(flows).toHaveLength(2);
  for (const { client, backend, packets } of flows) {
    expect(packets?.ended?.by).toBe('l7-1');
    expect(packets?.nodes).toEqual(expect.arrayContaining(['client', 'l7-1', backend]));
    const file = join(run.runDir, packets?.file ?? '');
    const [own, onward] = legs(await read(file), client);
    for (const leg of [own, onward]) {
      expect(leg[0]).toMatch(/: Flags \[S\]/);
      expect(leg.at(-1)).toMatch(/: Flags \[[^\]]*[FR.]/);
      expect(leg.some((line) => /: Flags \[[^\]]*[FR]/.test(line))).toBe(true);
    }
    // Both ends of its cable: as it left the one and as it reached the other.
    const bytes = await readFile(file);
    for (const name of ['l7-1:servers', `${backend}:servers`])
      expect(bytes.includes(Buffer.from(name))).toBe(true);
  }
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
