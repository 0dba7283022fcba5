import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { type Home, makeHome, repository, threeTier } from './tierlab.ts';

describe('a running lab, by hand', () => {
  let home: Home;
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout, stderr } = await home.run(...args, '--format', 'json');
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const fine = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await home.run(...args);
    // With JSON the error is the document.
    expect(exitCode, `${args.join(' ')}: ${stderr}${stdout}`).toBe(0);
    return stdout;
  };

  beforeAll(async () => {
    home = await makeHome();
    await fine('up', threeTier, '--host', 'uml');
  });
  // One lab for all: what a failed test leaves must not fail the next ones, nor its own second try.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    await home.run('traffic', 'stop');
    await home.run('fault', 'heal', '--all');
  });
  afterAll(() => home.remove());

  test('an L4 node is drained, stopped, started and put back under traffic, by a process each, and nobody notices', async () => {
    await fine('traffic', 'start', '--connections', '40', '--rate', '10');
    expect(await home.run('traffic', 'start', '--rate', '1')).toMatchObject({ exitCode: 4 });

    await fine('drain', 'l4-1');
    const routes = await fine('exec', 'r-1', '--', 'ip', 'route', 'show', '198.51.100.1');
    expect(routes).toContain('192.0.2.132');
    expect(routes).not.toContain('192.0.2.131');
    expect(await home.run('drain', 'l4-1')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('l4-1 is drained already'),
    });

    await fine('fault', 'add', 'node.crash', 'l4-1', '--name', 'upgrade');
    expect(await json('fault', 'list')).toMatchObject({
      faults: [
        { name: 'drain-l4-1', fault: 'drain', state: 'landed' },
        { name: 'upgrade', fault: 'node.crash', target: 'l4-1', state: 'landed' },
      ],
    });
    const seen = await json('watch');
    expect(seen).toMatchObject({ traffic: { underWay: true, open: 40, broken: {} } });
    const { nodes } = seen as { nodes: { node: string; state: string }[] };
    expect(nodes.filter(({ state }) => state !== 'up')).toEqual([expect.objectContaining({ node: 'l4-1' })]);

    await fine('fault', 'heal', 'upgrade');
    // It was made anew, and is still drained.
    expect(await fine('exec', 'r-1', '--', 'ip', 'route', 'show', '198.51.100.1')).not.toContain(
      '192.0.2.131',
    );
    await fine('undrain', 'l4-1');
    expect(await fine('exec', 'r-1', '--', 'ip', 'route', 'show', '198.51.100.1')).toContain('192.0.2.131');
    expect(await json('fault', 'list')).toMatchObject({ faults: [] });

    const stopped = await json('traffic', 'stop');
    expect(stopped).toMatchObject({
      state: 'stopped',
      metrics: { held: { established: 40, broken: 0 }, requests: { errors: 0 } },
    });
    const { metrics, events, history } = stopped as {
      metrics: { held: { moved: number } };
      events: { name: string; landed: boolean }[];
      history: string;
    };
    expect(metrics.held.moved).toBeGreaterThan(0);
    expect(events.map(({ name, landed }) => [name, landed])).toEqual([
      ['drain-l4-1', true],
      ['upgrade', true],
      ['heal-upgrade', true],
      ['undrain-drain-l4-1', true],
    ]);
    expect(await readFile(history, 'utf8')).toContain('"phase":"end"');
  });

  test('a proxy that clients hold on to is not drained by the deadline, says so, and can be put back', async () => {
    await fine('traffic', 'start', '--connections', '30');
    const { exitCode, stderr } = await home.run('drain', 'l7-1', '--within', '3s');
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(
      /drain l7-1 did not complete[\s\S]*\d+ sessions are open[\s\S]*weight 0 on every L4 node/,
    );
    expect(await json('fault', 'list')).toMatchObject({
      faults: [{ name: 'drain-l7-1', state: 'not-landed' }],
    });
    await fine('fault', 'heal', '--all');
    expect(await json('traffic', 'stop')).toMatchObject({ metrics: { held: { broken: 0 } } });
  });

  test('every proxy is drained, restarted and put back in its turn, and nobody notices; nothing is left to undo', async () => {
    // With the client ports of the tests before: each L4 node places them anew, whoever had them.
    await fine('traffic', 'start', '--rate', '10');
    const rolled = await json('rolling', 'l7', 'drain', 'node.restart', 'undrain', '--pause', '200ms');
    const names = ['l7-1', 'l7-2', 'l7-3'].flatMap((node) =>
      ['drain', 'node.restart', 'undrain'].map((step) => `rolling-${node}-${step}`),
    );
    expect(rolled).toMatchObject({
      tier: 'l7',
      landed: true,
      steps: names.map((name) => ({ name, landed: true })),
    });
    expect(await json('fault', 'list')).toMatchObject({ faults: [] });
    const { events, metrics } = (await json('traffic', 'stop')) as {
      events: { name: string }[];
      metrics: Record<string, Record<string, number>>;
    };
    expect(events.map(({ name }) => name)).toEqual(names);
    expect(metrics.requests, JSON.stringify(metrics)).toMatchObject({ errors: 0 });
  });

  test('a client port that is used again when its proxy is gone meets another proxy at once', async () => {
    const addresses = '203.0.113.7 http://198.51.100.1/';
    const ask = async (): Promise<{ port: string; status: string; bound: boolean }[]> => {
      const each = `curl -s -o /dev/null -w '%{http_code}' --max-time 2 -H 'Connection: close' --local-port $p --interface ${addresses}`;
      const loop = `for p in $(seq 20001 20015); do echo $p $(${each}; echo " $?"); done`;
      return (await fine('exec', 'client', '--', 'sh', '-c', loop)).split('\n').flatMap((line) => {
        const [port = '', status = '', exitCode] = line.split(' ');
        // 45: it is still in TIME_WAIT at the client, who may not use it again yet.
        return port === '' ? [] : [{ port, status, bound: exitCode !== '45' }];
      });
    };
    const down = async (): Promise<{ ok: boolean; saw: string }> => {
      const tables = await Promise.all(
        ['l4-1', 'l4-2'].map((l4) => fine('exec', l4, '--', 'ipvsadm', '-Ln')),
      );
      return { ok: tables.every((table) => / 192\.0\.2\.133:80 +\w+ +0 /.test(table)), saw: tables.join('') };
    };
    expect((await ask()).map(({ status }) => status)).toEqual(Array(15).fill('200'));
    await fine('fault', 'add', 'node.crash', 'l7-1');
    await until(down, { withinMs: 10_000, everyMs: 100, why: 'l7-1 to have weight 0' });
    const again = (await ask()).filter(({ bound }) => bound);
    expect(again.length).toBeGreaterThan(7);
    expect(again.filter(({ status }) => status !== '200')).toEqual([]);
    await fine('fault', 'heal', '--all');
  });

  test('clients that were reset by others are no sessions for long: the proxy that had them can be drained', async () => {
    await fine('fault', 'add', 'node.sysctl', 'l4', 'set={net.ipv4.vs.sloppy_tcp: 0}');
    // Client ports of its own: l4-2 knows those of the tests before.
    await fine('traffic', 'start', '--connections', '40', '--seed', '3');
    await fine('fault', 'add', 'node.crash', 'l4-1');
    const broken = async (): Promise<{ ok: boolean; saw: string }> => {
      const { metrics } = (await json('traffic', 'status')) as { metrics: { held: { broken: number } } };
      return { ok: metrics.held.broken > 0, saw: `${metrics.held.broken} broken` };
    };
    await until(broken, { withinMs: 10_000, everyMs: 200, why: 'flows to be reset' });
    await fine('traffic', 'stop');
    await fine('drain', 'l7', '--within', '45s');
    await fine('fault', 'heal', '--all');
  });

  test('a rolling action stops at the node that is not drained by the deadline, and leaves the others alone', async () => {
    await fine('traffic', 'start', '--connections', '30');
    const steps = ['drain', 'daemon.restart', 'daemon=haproxy', 'undrain'];
    expect(await json('rolling', 'l7', ...steps, '--within', '2s')).toMatchObject({
      tier: 'l7',
      landed: false,
      steps: [{ name: 'rolling-l7-1-drain', landed: false }],
      error: {
        code: 'not-landed',
        details: [expect.stringMatching(/l7-1: [\s\S]*sessions are open[\s\S]*not begun: l7-2, l7-3/)],
      },
    });
    expect(await json('fault', 'list')).toMatchObject({
      faults: [{ name: 'rolling-l7-1-drain', fault: 'drain', target: 'l7-1', state: 'not-landed' }],
    });
    await fine('fault', 'heal', '--all');
    expect(await json('traffic', 'stop')).toMatchObject({ metrics: { held: { broken: 0 } } });
  });

  test('what a command did that was killed halfway is undone all the same', async () => {
    const entry = async (fault: string, target: string): Promise<void> => {
      const written = {
        name: 'cut',
        fault,
        target,
        options: {},
        nodes: [target],
        at: 1,
        state: 'begun',
        evidence: '',
      };
      await mkdir(join(home.directory, 'labs/three-tier/faults'), { recursive: true });
      await writeFile(join(home.directory, 'labs/three-tier/faults/cut.json'), JSON.stringify(written));
    };
    const pidOf = (): Promise<string> =>
      fine('exec', 'l4-1', '--', 'sh', '-c', 'cat /run/tierlab/*/l4-1/bird.pid');
    for (const fault of ['node.crash', 'node.restart']) {
      const before = await pidOf();
      // Killed before anything happened: the node stays as it is.
      await entry(fault, 'l4-1');
      await fine('fault', 'heal', 'cut');
      expect(await pidOf()).toBe(before);
      // Killed in the middle of the crash: it has its namespace and its daemons, and no cable.
      await fine('exec', 'fabric', '--', 'ip', 'link', 'del', 'dev', 'l4-1');
      await entry(fault, 'l4-1');
      await fine('fault', 'heal', 'cut');
      expect(await pidOf()).not.toBe(before);
      expect(await fine('ps')).toMatch(/^l4-1 +ipvs +up/m);
      expect(await fine('exec', 'fabric', '--', 'ip', 'link', 'show', 'dev', 'l4-1')).toContain('UP');
    }

    const drop = 'filter add dev l4-1 egress pref 50 protocol ip flower dst_ip 198.51.100.1 action drop';
    await fine('exec', 'fabric', '--', 'sh', '-c', `tc qdisc add dev l4-1 clsact; tc ${drop}`);
    await entry('l4.flush', 'l4-1');
    await fine('fault', 'heal', 'cut');
    expect(await fine('exec', 'fabric', '--', 'tc', 'filter', 'show', 'dev', 'l4-1', 'egress')).toBe('');
  });

  test('a shell that is told to end ends, whatever runs in it', async () => {
    const command = `stty -echo; exec ${process.execPath} ${join(repository, 'dist/tierlab.js')} shell l4-1`;
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], {
      env: { ...process.env, TIERLAB_HOME: home.directory },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = once(terminal, 'exit');
    let said = '';
    terminal.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => ({ ok: said.includes('l4-1#'), saw: said }), { withinMs: 20_000, why: 'the prompt' });
    terminal.stdin.write('sleep 1000\n');
    await delay(500);
    const children = await readFile(`/proc/${terminal.pid}/task/${terminal.pid}/children`, 'utf8');
    process.kill(Number(children), 'SIGTERM');
    await Promise.race([ended, delay(10_000).then(() => Promise.reject(new Error('the shell goes on')))]);
    const left = await fine(
      'exec',
      'l4-1',
      '--',
      'sh',
      '-c',
      'cat /proc/[0-9]*/comm | grep -c ^sleep || true',
    );
    expect(left).toBe('0\n');
  });

  test('what cannot be is refused before anything happens', async () => {
    const cases: [string[], number, RegExp][] = [
      [['drain', 'client'], 2, /which is of kind client[\s\S]*bird, haproxy, ipvs, web/],
      [['drain', 'edge'], 4, /client cannot do without edge/],
      [['fault', 'add', 'node.crsh', 'l4-1'], 2, /did you mean "node.crash"/],
      [['fault', 'add', 'node.crash', 'l4-9'], 2, /unknown node "l4-9"/],
      [['fault', 'add', 'node.crash', 'l4-1', 'force=yes'], 2, /unknown key "force"/],
      [['rolling', 'l9', 'node.restart'], 2, /unknown group "l9"/],
      [['rolling', 'l7', 'drain', 'node.restart'], 2, /every node would stay drained/],
      [['rolling', 'l7', 'daemon=bird'], 2, /stands before any step/],
      [['fault', 'heal', 'nothing'], 4, /there is no fault "nothing"/],
      [['capture', 'l4-1:fabrik'], 4, /did you mean "fabric"/],
      [['traffic', 'start'], 2, /--connections/],
    ];
    for (const [args, exitCode, said] of cases) {
      const result = await home.run(...args);
      expect({ args, exitCode: result.exitCode }).toEqual({ args, exitCode });
      expect(result.stderr).toMatch(said);
    }
    expect(await json('fault', 'list')).toMatchObject({ faults: [] });
  });

  test('packets are captured whole, and an interrupted capture ends well and leaves nothing', async () => {
    const file = join(home.directory, 'trace.pcapng');
    const { child, outcome } = home.start('capture', 'r-1:fabric', '-o', file);
    await delay(1500);
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    // A section's header (draft-ietf-opsawg-pcapng); BFD alone sends ten packets a second.
    const bytes = await readFile(file);
    expect(bytes.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(bytes.includes('r-1:fabric')).toBe(true);
    expect((await stat(file)).size).toBeGreaterThan(500);
    const left = await fine(
      'exec',
      'r-1',
      '--',
      'sh',
      '-c',
      'cat /proc/[0-9]*/comm | grep -c tcpdump || true',
    );
    expect(left).toBe('0\n');
  });

  test('traffic that is interrupted as it comes up is gone when the command has ended', async () => {
    const { child, outcome } = home.start('traffic', 'start', '--connections', '500');
    await delay(1000);
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    await fine('traffic', 'start', '--rate', '5');
    await fine('traffic', 'stop');
  });

  test('down with traffic under way leaves nothing', async () => {
    await fine('traffic', 'start', '--rate', '5');
    await fine('down');
    expect(await home.inventory()).toEqual([]);
  });
});
