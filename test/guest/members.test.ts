import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { type Home, makeHome, threeTier } from './tierlab.ts';

interface Change {
  readonly added: string[];
  readonly removed: string[];
  readonly changed: { readonly node: string; readonly files: string[] }[];
  readonly done: boolean;
}

describe('a lab that changes while it is up', () => {
  let home: Home;
  const fine = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await home.run(...args);
    // With JSON the error is the document.
    expect(exitCode, `${args.join(' ')}: ${stderr}${stdout}`).toBe(0);
    return stdout;
  };
  const json = async <T = Change>(...args: string[]): Promise<T> =>
    JSON.parse(await fine(...args, '--format', 'json')) as T;
  const servers = async (l4: string): Promise<string[]> =>
    (await fine('exec', l4, '--', 'ipvsadm', '-Ln', '--nosort')).match(/192\.0\.2\.\d+(?=:80)/g) ?? [];
  const nodes = async (): Promise<string[]> => {
    const { nodes: all } = await json<{ nodes: { node: string; state: string }[] }>('ps');
    expect(all.filter(({ state }) => state !== 'up')).toEqual([]);
    return all.map(({ node }) => node);
  };

  /** What a proxy makes of its backends, in their order. */
  const backends = async (l7: string): Promise<string> => {
    const ask =
      'use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(glob("/run/tierlab/*/$ARGV[0]/haproxy.ctl")); print $s "show stat -1 4 -1\n"; print <$s>';
    const csv = await fine('exec', l7, '--', 'perl', '-e', ask, l7);
    return [...csv.matchAll(/^tl_web,web-\d(?:,[^,\n]*){15},(\w+)/gm)].map(([, status]) => status).join(' ');
  };

  beforeAll(async () => {
    home = await makeHome();
    await fine('up', threeTier, '--host', 'uml');
  });
  afterAll(() => home.remove());

  test('backends come and go, and no proxy is started anew for it', async () => {
    const proxies = async (): Promise<string> =>
      fine('exec', 'l7-2', '--', 'sh', '-c', 'cat /run/tierlab/*/l7-*/haproxy.pid');
    const before = await proxies();
    await fine('traffic', 'start', '--connections', '30', '--rate', '10', '--seed', '7');
    expect(await json('scale', 'web', '+1')).toMatchObject({ added: ['web-4'], done: true });
    const served = async (): Promise<{ ok: boolean; saw: string }> => {
      const { metrics } = await json<{ metrics: { requests: Record<string, number> } }>('traffic', 'status');
      return { ok: (metrics.requests['share.web-4'] ?? 0) > 0, saw: JSON.stringify(metrics.requests) };
    };
    await until(served, { withinMs: 20_000, everyMs: 300, why: 'requests to reach web-4' });
    expect(await json('scale', 'web', '-1')).toMatchObject({ removed: ['web-4'], done: true });
    const stopped = await json<{ history: string }>('traffic', 'stop');
    const failed = (await readFile(stopped.history, 'utf8'))
      .split('\n')
      .filter((line) => line.includes('"cause"'));
    expect(failed).toEqual([]);
    expect(await proxies()).toBe(before);
    // One that was there from the beginning goes as well, and the one that comes in its place is another: what was done to the
    // first went with it.
    await fine('fault', 'add', 'node.crash', 'web-3');
    await fine('scale', 'web', '-1');
    expect(await json('fault', 'list')).toMatchObject({ faults: [] });
    expect(await json('scale', 'web', '+1')).toMatchObject({ added: ['web-3'], done: true });
    expect(await nodes()).toHaveLength(12);
    // And it breaks and mends like any other.
    await fine('fault', 'add', 'node.crash', 'web-3');
    expect(await fine('ps')).toMatch(/^web-3 +web +down/m);
    await fine('fault', 'heal', '--all');
    expect(await nodes()).toHaveLength(12);
  });

  test('an L7 and an L4 node join under traffic: every table has the same servers in the same order, and nobody is cut off by the first', async () => {
    const before = await nodes();
    await fine('traffic', 'start', '--connections', '40', '--rate', '10');
    expect(await json('scale', 'l7', '+1')).toMatchObject({ added: ['l7-4'], removed: [], done: true });
    const status = await json<{ metrics: { held: { broken: number } } }>('traffic', 'status');
    expect(status.metrics.held.broken).toBe(0);
    expect(await json('scale', 'l4', '+1')).toMatchObject({ added: ['l4-3'], removed: [], done: true });

    expect((await nodes()).filter((node) => !before.includes(node))).toEqual(['l4-3', 'l7-4']);
    expect(await fine('graph')).toContain('l7-4');
    // The kernel lists what was added last first.
    const own = ['192.0.2.136', '192.0.2.135', '192.0.2.134', '192.0.2.133'];
    for (const l4 of ['l4-1', 'l4-2', 'l4-3']) expect(await servers(l4)).toEqual(own);

    const stopped = await json<{ events: { name: string; landed: boolean }[]; history: string }>(
      'traffic',
      'stop',
    );
    expect(stopped.events.map(({ name, landed }) => [name, landed])).toEqual([
      ['scale', true],
      ['scale', true],
    ]);
    // The new L4 node was seen to carry flows.
    expect(await readFile(stopped.history, 'utf8')).toContain('"l4":"l4-3"');
  });

  test('apply shows the difference, makes it, and then has nothing to do', async () => {
    const shown = await json('apply', threeTier, '--dry-run');
    expect(shown).toMatchObject({ added: [], removed: ['l4-3', 'l7-4'], done: false });
    expect(await nodes()).toContain('l7-4');
    expect(await json('apply', threeTier)).toMatchObject({ ...shown, dryRun: false, done: true });
    expect(await nodes()).not.toContain('l7-4');
    expect(await servers('l4-2')).toEqual(['192.0.2.135', '192.0.2.134', '192.0.2.133']);
    expect(await fine('exec', 'l7-1', '--', 'ip', 'rule')).not.toContain('192.0.2.137');
    expect(await json('apply', threeTier)).toMatchObject({
      added: [],
      removed: [],
      changed: [],
      done: false,
    });
  });

  test('an option that is edited reaches the nodes that have it, and no other', async () => {
    const text = await readFile(threeTier, 'utf8');
    const edited = join(home.directory, 'edited.yaml');
    await writeFile(
      edited,
      text.replace('scheduler: mh,', 'scheduler: mh, sloppy_tcp: false, timeouts: {tcp: 30s},'),
    );
    const change = await json('apply', edited);
    expect(change.changed.map(({ node }) => node)).toEqual(['l4-1', 'l4-2']);
    const sloppy = ['exec', 'l4-2', '--', 'cat', '/proc/sys/net/ipv4/vs/sloppy_tcp'];
    expect(await fine(...sloppy)).toBe('0\n');
    const timeouts = (l4: string): Promise<string> => fine('exec', l4, '--', 'ipvsadm', '-l', '--timeout');
    for (const l4 of ['l4-1', 'l4-2']) expect(await timeouts(l4)).toContain('udp): 30 120 300');
    await fine('traffic', 'start', '--connections', '10', '--seed', '9');
    const table = await fine('exec', 'l4-1', '--', 'ipvsadm', '-Lnc');
    await fine('traffic', 'stop');
    // Entries of flows that were there before have minutes.
    expect(table).toMatch(/00:(2\d|30) +ESTABLISHED/);
    await fine('apply', threeTier);
    expect(await fine(...sloppy)).toBe('1\n');
    for (const l4 of ['l4-1', 'l4-2']) expect(await timeouts(l4)).toContain('udp): 900 120 300');
  });

  test('what cannot be changed in place is refused with the way out, and nothing is touched', async () => {
    const text = await readFile(threeTier, 'utf8');
    const edited = join(home.directory, 'other.yaml');
    await writeFile(edited, text.replace('port: 80', 'port: 81').replace('192.0.2.16/28', '192.0.2.32/28'));
    const refused = await home.run('apply', edited);
    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toMatch(
      /the services[\s\S]*network transit has another subnet[\s\S]*tierlab down/,
    );
    for (const [args, said] of [
      [['scale', 'l8', '+1'], /unknown tier "l8"/],
      [['scale', 'l4', '-2'], /must keep one/],
      [['scale', 'client', '+1'], /connections are open from there/],
    ] as const)
      expect(await home.run(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(said) });
    // Its routers would be told of the new node, and forget that one of them is drained.
    await fine('drain', 'r-1');
    expect(await home.run('scale', 'l7', '+1')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('r-1 has another bird.conf'),
    });
    await fine('undrain', 'r-1');
    expect(await nodes()).toHaveLength(12);
  });

  test('a backend that is out of use stays so on a proxy that starts anew, is reloaded or killed', async () => {
    await fine('drain', 'web-1');
    await fine('fault', 'add', 'l7.backend', 'l7-2', 'backend=web-2', 'state=maint');
    await fine('fault', 'add', 'node.restart', 'l7-1');
    await fine('fault', 'add', 'node.restart', 'l7-2');
    await fine('fault', 'add', 'l7.reload', 'l7-2');
    await fine('fault', 'add', 'daemon.restart', 'l7-3', 'daemon=haproxy');
    for (const [l7, states] of [
      ['l7-1', 'DRAIN UP UP'],
      ['l7-2', 'DRAIN MAINT UP'],
      ['l7-3', 'DRAIN UP UP'],
    ] as const)
      expect(await backends(l7), l7).toBe(states);
    // Each of them says that it is well.
    await fine('fault', 'heal', '--all');
    for (const l7 of ['l7-1', 'l7-2', 'l7-3']) expect(await backends(l7), l7).toBe('UP UP UP');
  });

  test('what was done to the lab stands on nodes that begin anew, and holds for those that join', async () => {
    const weights = async (l4: string): Promise<string> =>
      [...(await fine('exec', l4, '--', 'ipvsadm', '-Ln', '--nosort')).matchAll(/Tunnel +(\d+)/g)]
        .map(([, weight]) => weight)
        .reverse()
        .join(' ');
    const delays = async (): Promise<string> =>
      fine('exec', 'l4-1', '--', 'tc', 'qdisc', 'show', 'dev', 'fabric');
    await fine('drain', 'web-1');
    await fine('fault', 'add', 'l7.backend', 'l7', 'backend=web-2', 'state=maint');
    expect(await json('scale', 'l7', '+1')).toMatchObject({ added: ['l7-4'], done: true });
    expect(await backends('l7-4')).toBe('DRAIN MAINT UP');

    await fine('drain', 'l7-3');
    await fine('fault', 'add', 'l4.weight', 'l4', 'server=l7-2', 'weight=3');
    await fine('fault', 'add', 'link.netem', 'l4-1:fabric', 'delay=2ms');
    expect(await fine('fault', 'add', 'node.restart', 'l4-1')).toContain('link.netem-l4-1-fabric done again');
    expect(await delays()).toContain('delay 2ms');
    // It is well, although it has no weight for the one that is drained.
    expect(await json('scale', 'l4', '+1')).toMatchObject({ added: ['l4-3'], done: true });
    for (const l4 of ['l4-1', 'l4-2', 'l4-3']) expect(await weights(l4), l4).toBe('1 3 0 1');

    await fine('fault', 'heal', '--all');
    expect(await delays()).not.toContain('delay');
    expect(await backends('l7-4')).toBe('UP UP UP');
    for (const l4 of ['l4-1', 'l4-2', 'l4-3']) expect(await weights(l4), l4).toBe('1 1 1 1');
    await fine('apply', threeTier);
    expect(await nodes()).toHaveLength(12);
  });

  test('Ctrl-C while a node that goes is drained: it is put back, and the lab can be changed as before', async () => {
    await fine('traffic', 'start', '--connections', '30', '--seed', '9');
    const before = await nodes();
    const last = before.filter((name) => name.startsWith('l7-')).at(-1) ?? '';
    const { child, outcome } = home.start('scale', 'l7', '-1');
    const drained = async (): Promise<{ ok: boolean; saw: string }> => {
      const saw = await fine('exec', 'l4-1', '--', 'ipvsadm', '-Ln');
      return { ok: / Tunnel +0 /.test(saw), saw };
    };
    await until(drained, { withinMs: 15_000, everyMs: 100, why: `${last} to have weight 0` });
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    expect((await drained()).ok).toBe(false);
    expect(await nodes()).toEqual(before);
    await fine('traffic', 'stop');
    await fine('scale', 'web', '+1');
    await fine('scale', 'web', '-1');
  });

  test('a node that joined a group after that was hit has nothing to heal', async () => {
    const before = await nodes();
    await fine('fault', 'add', 'node.crash', 'l7', '--name', 'all');
    const { added } = await json('scale', 'l7', '+1');
    const pid = (): Promise<string> =>
      fine('exec', added[0] ?? '', '--', 'sh', '-c', `cat /run/tierlab/*/${added[0]}/haproxy.pid`);
    const own = await pid();
    await fine('fault', 'heal', 'all');
    expect(await pid()).toBe(own);
    expect(await nodes()).toHaveLength(before.length + 1);
  });

  test('down leaves nothing of nodes that joined, also where a change was cut short', async () => {
    await fine('scale', 'r', '+1');
    const { child, outcome } = home.start('scale', 'l7', '+2');
    const record = join(home.directory, 'labs/three-tier/change.json');
    const begun = async (): Promise<{ ok: boolean; saw: string }> => {
      const text = await readFile(record, 'utf8').catch(() => '');
      return { ok: text !== '', saw: text };
    };
    await until(begun, { withinMs: 20_000, everyMs: 10, why: 'the change to begin' });
    child.kill('SIGKILL');
    await outcome;
    expect(await home.run('scale', 'l4', '+1')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('cut short'),
    });
    await fine('down');
    expect(await home.inventory()).toEqual([]);
  });
});
