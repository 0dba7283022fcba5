import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/hosts/contract.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { writeInputs } from '../chaos/files.ts';
import { type Home, makeHome, repository, threeTier } from './tierlab.ts';

/** In a guest, the native host *is* native: a Linux with root whose kernel has all that a lab needs. */
describe('the native host, in a guest', () => {
  let home: Home;
  let guest: Host;
  const run = (...args: string[]): ReturnType<Host['exec']> =>
    guest.exec([process.execPath, join(repository, 'dist/tierlab.js'), ...args], {
      timeoutMs: 150_000,
      env: { TIERLAB_HOME: join(home.directory, 'labs/outer/inner'), NO_COLOR: '1' },
    });

  beforeAll(async () => {
    home = await makeHome();
    const lab = labPaths('outer', home.directory);
    await mkdir(lab.directory, { recursive: true, mode: 0o700 });
    guest = await umlHost(join(repository, 'dist')).open({ lab, report: () => undefined });
  });
  afterAll(async () => {
    await guest?.disconnect();
    await home.remove();
  });

  test('is what auto picks there, and brings the three-tier lab up, shows it and removes it', async () => {
    const doctor = JSON.parse((await run('doctor', '--format', 'json')).stdout) as {
      hosts: { host: string; usable: boolean }[];
    };
    expect(doctor.hosts.find(({ usable }) => usable)?.host).toBe('native');

    const up = await run('up', threeTier);
    expect(up, up.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('(host native)') });
    expect(await run('exec', 'l4-1', '--', 'ipvsadm', '-Ln')).toMatchObject({
      stdout: expect.stringContaining('mh-fallback,mh-port'),
    });
    const { nodes } = JSON.parse((await run('ps', '--format', 'json')).stdout) as {
      nodes: { state: string }[];
    };
    expect(nodes.map(({ state }) => state)).toEqual(Array(12).fill('up'));

    expect(await run('down', 'three-tier')).toMatchObject({ exitCode: 0, stdout: 'Removed three-tier.\n' });
    await leftNothing();
  }, 300_000);

  test('runs a scenario to its verdict, and leaves nothing', async () => {
    const file = join(home.directory, 'labs/outer/native.yaml');
    await writeFile(
      file,
      `name: an L4 node crashes on a native host
topology: ${threeTier}
traffic: [{name: held, type: held-tcp, from: client, to: web, connections: 60, heartbeat: 2s, timeout: 10s}]
steady: {for: 1s}
timeline: [{at: 1s, name: crash, fault: node.crash, target: l4-1}]
duration: 10s
expect: [held.broken == 0, held.moved > 0, held.moved == held.exposed]
`,
    );
    const result = await run(
      'test',
      file,
      '--runs',
      join(home.directory, 'labs/outer/runs'),
      '--format',
      'json',
    );
    const { scenarios } = JSON.parse(result.stdout) as {
      scenarios: { host: string; verdict: string; reasons: string[] }[];
    };
    expect(scenarios[0]).toMatchObject({ host: 'native', reasons: [], verdict: 'pass' });
    await leftNothing();
  }, 300_000);

  test('leaves alone what carries another tag, or none, while labs of its own come and go', async () => {
    // A namespace, an interface and a process of somebody else, with names as like ours as can be.
    await inGuest(`ip netns add tl-000000-l4-1; ip -n tl-000000-l4-1 link add fabric type dummy; ip link add fabric type dummy
      mkdir -p /run/tierlab/000000/l4-1; TIERLAB_TAG=000000 setsid sleep 1000 > /dev/null 2>&1 < /dev/null &`);
    const look =
      'ip netns list | grep tl-000000; ip -n tl-000000-l4-1 -br link show fabric; ip -br link show fabric; pidof sleep; ls /run/tierlab/000000';
    const before = await inGuest(look);
    expect(before.trim().split('\n')).toHaveLength(5);
    const folder = join(home.directory, 'labs/outer');
    await writeInputs(folder);
    const small = join(folder, 'small.yaml');
    expect(await run('up', small, '--lab', 'one')).toMatchObject({ exitCode: 0 });
    expect(await run('up', small, '--lab', 'two')).toMatchObject({ exitCode: 0 });
    // Two labs of one user in one kernel.
    expect(await run('down', 'one')).toMatchObject({ exitCode: 0 });
    const { nodes } = JSON.parse((await run('ps', '--format', 'json')).stdout) as {
      nodes: { state: string }[];
    };
    expect(nodes.map(({ state }) => state)).toEqual(Array(7).fill('up'));
    expect(await run('down', '--all')).toMatchObject({ exitCode: 0, stdout: 'Removed two.\n' });
    expect(await inGuest(look)).toBe(before);
    await inGuest(
      'kill $(pidof sleep); ip netns del tl-000000-l4-1; ip link del fabric; rm -r /run/tierlab/000000',
    );
    await leftNothing();
  }, 300_000);

  async function inGuest(script: string): Promise<string> {
    return (await guest.exec(['sh', '-c', script])).stdout;
  }

  test('plumbs a lab of 60 nodes without daemons, says what is left out, and removes it', async () => {
    const file = join(home.directory, 'labs/outer/sixty.yaml');
    await run('new', 'sixty', '--routers', '2', '--l4', '6', '--l7', '20', '--web', '30', '-o', file);
    const { exitCode, stdout, stderr } = await run('up', file, '--plumbing-only', '--format', 'json');
    expect(exitCode, stderr).toBe(0);
    const up = JSON.parse(stdout) as {
      nodes: string[];
      leftOut: { what: string; count: number }[];
      peakMb: number;
      phases: { name: string; ms: number; residentMb: number }[];
    };
    expect(up.nodes).toHaveLength(60);
    // This kernel has all that the nodes need.
    expect(up.leftOut).toMatchObject([
      { what: 'daemon bird', count: 29 },
      { what: 'daemon keepalived', count: 6 },
      { what: 'daemon haproxy', count: 20 },
      { what: 'daemon web', count: 1 },
    ]);
    expect(up.phases.map(({ name }) => name)).toEqual(['start', 'load', 'plan', 'host', 'files', 'plumbing']);
    expect((await run('exec', 'l7-20', '--', 'ip', '-br', 'link')).stdout).toMatch(
      /fabric@.*servers@.*ipip0@/s,
    );
    const { nodes } = JSON.parse((await run('ps', '--format', 'json')).stdout) as {
      nodes: { state: string; daemons: unknown[] }[];
    };
    expect(nodes.flatMap(({ daemons }) => daemons)).toEqual([]);
    const refused = await run('scale', 'web', '+1');
    expect(refused.stderr).toContain('has no daemons: it was brought up with --plumbing-only');
    expect(await run('down', 'sixty')).toMatchObject({ exitCode: 0 });
    await leftNothing();
  }, 300_000);

  test('plumbs on a kernel that lacks tunnels and dummies, and says so', async () => {
    // Nothing can be loaded from here on: what other tests had is unloaded first.
    const script = 'rmmod ipip dummy; echo 1 > /proc/sys/kernel/modules_disabled';
    await guest.exec(['sh', '-c', script]);
    const up = await run('up', threeTier, '--plumbing-only');
    expect(up, up.stderr).toMatchObject({ exitCode: 0 });
    expect(up.stdout).toMatch(/link of type dummy +2 +2 of l4\n/);
    expect(up.stdout).toMatch(/link of type ipip +3 +3 of l7\n/);
    expect((await run('exec', 'l7-1', '--', 'ip', '-br', 'link')).stdout).not.toContain('ipip0');
    expect(await run('down', 'three-tier')).toMatchObject({ exitCode: 0 });
    await leftNothing();
  }, 300_000);

  async function leftNothing(): Promise<void> {
    const { stdout } = await guest.exec([
      'sh',
      '-c',
      'ip netns list; ls /run/tierlab | grep -v modprobe | grep -v modules; pidof bird haproxy keepalived; ip -br link | grep -vE "^(lo|tunl0|gre|sit|ip6|erspan|teql|ip_vti|dummy)"',
    ]);
    expect(stdout).toBe('');
  }
});
