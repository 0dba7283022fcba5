import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import { explained } from './explained.ts';
import { type Document, type Home, makeHome, type Started, threeTier } from './tierlab.ts';

describe('many scenarios at once', { timeout: 400_000 }, () => {
  let home: Home;

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(() => home.remove());

  // Again where a machine is too busy for a verdict.
  test('stand in the order asked for; one that fails and one whose guest dies stop no other', {
    retry: 2,
  }, async () => {
    const files = await Promise.all([
      scenario('dying', 'held.broken == 0'),
      scenario('failing', 'held.broken > 0'),
      scenario('passing', 'held.broken == 0'),
    ]);
    const started = home.start('test', ...files, '--host', 'uml', '--jobs', '2', '--format', 'json');
    const said = listen(started);
    await until(() => ({ ok: said().includes('dying: steady'), saw: said() }), {
      withinMs: 120_000,
      why: 'the first scenario to be under way',
    });
    const record = await readFile(join(home.directory, 'labs/dying/guest.json'), 'utf8');
    process.kill((JSON.parse(record) as { pid: number }).pid, 'SIGKILL');

    const { exitCode, stdout, stderr } = await started.outcome;
    const document = JSON.parse(stdout) as Document & { failures: unknown };
    expect(document.failures).toMatchObject([{ name: 'dying', code: 'guest-died', exitCode: 4 }]);
    expect(document.scenarios.map(({ name }) => name)).toEqual(['failing', 'passing']);
    expect(document.scenarios[0]?.verdict).toBe('fail');
    expect({ exitCode, verdict: document.verdict }).toEqual({ exitCode: 1, verdict: 'fail' });
    expect(await home.inventory()).toEqual([]);
    for (const line of stderr.trim().split('\n')) {
      expect(line).toMatch(/^ *\d+\.\ds {2}(warning: )?(dying|failing|passing)\b/);
    }

    // What a failing test of ours tells.
    const told = await explained(home, { exitCode, stderr, document });
    expect(told).toMatch(/✗ held\.broken > 0 +actual 0/);
    expect(told).toMatch(/--- main-logs\/l4-1\/keepalived\.log\n\S/);
  });

  test('each have a guest of their own, and leave nothing at Ctrl-C', async () => {
    const files = await Promise.all(
      ['one', 'two', 'three'].map((name) => scenario(name, 'held.broken == 0')),
    );
    const started = home.start('test', ...files, '--host', 'uml', '--jobs', '2');
    const said = listen(started);
    await until(() => ({ ok: (said().match(/plumbing/g) ?? []).length === 2, saw: said() }), {
      withinMs: 60_000,
      why: 'two labs to be coming up',
    });
    const labs = await readdir(join(home.directory, 'labs'));
    expect(labs.sort()).toEqual(['one', 'two']);
    const kernels = labs.map(async (lab) =>
      JSON.parse(await readFile(join(home.directory, 'labs', lab, 'guest.json'), 'utf8')),
    );
    const [one, two] = (await Promise.all(kernels)) as { pid: number }[];
    expect(one?.pid).not.toBe(two?.pid);
    started.child.kill('SIGINT');
    expect(await started.outcome).toMatchObject({ exitCode: 130 });
    expect(await home.inventory()).toEqual([]);
    expect(said()).not.toContain('three');
  });

  test('are repeated with one seed, show their spread, and merge into what they were', async () => {
    const file = await scenario('again', 'held.moved > 0');
    const flags = ['--host', 'uml', '--jobs', '2', '--repeat', '2', '--format', 'json'];
    const { exitCode, stdout } = await home.run('test', file, ...flags);
    const document = JSON.parse(stdout);
    expect(document.scenarios.map(({ seed }: { seed: number }) => seed)).toEqual([42, 42]);
    const [spread] = document.spreads;
    const moved = document.scenarios.map(({ metrics }: Document['scenarios'][number]) => metrics.held?.moved);
    expect(spread).toMatchObject({
      name: 'again',
      runs: 2,
      figures: [{ expression: 'held.moved > 0', min: Math.min(...moved), max: Math.max(...moved) }],
    });
    const merged = await home.run('merge', join(home.directory, '.tierlab/runs'), '--format', 'json');
    expect(merged.exitCode).toBe(exitCode);
    expect(JSON.parse(merged.stdout)).toMatchObject({
      verdict: document.verdict,
      spreads: [{ ...spread, file: expect.any(String) }],
    });
    expect(await home.inventory()).toEqual([]);
  });

  test('start from nothing: whatever one did to its guest, the next of that name finds it as the first did', async () => {
    const up = async (): Promise<{ bootId: string; rest: string }> => {
      expect(await home.run('up', threeTier, '--host', 'uml', '--lab', 'x')).toMatchObject({ exitCode: 0 });
      const { stdout } = await inGuest(look);
      const [bootId = '', ...rest] = stdout.split('\n');
      return { bootId, rest: rest.join('\n') };
    };
    const first = await up();
    const { exitCode, stderr } = await inGuest(soil);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const soiled = (await inGuest(look)).stdout;
    for (const trace of ['left-tmp', 'left-run', 'left-ns', 'left0', 'dummy', '\n77\n'])
      expect(soiled).toContain(trace);
    expect(await home.run('down', 'x')).toMatchObject({ exitCode: 0 });
    expect(await home.inventory()).toEqual([]);
    const second = await up();
    expect(second.bootId).not.toBe(first.bootId);
    expect(second.rest).toBe(first.rest);
  });

  /** What a lab could leave behind: files, namespaces, interfaces, modules, settings, entries of the balancers' tables. */
  const look = `cat /proc/sys/kernel/random/boot_id; ls -R /tmp /run/netns /dev/shm; ls /run; ip -br link | cut -d' ' -f1;
cut -d' ' -f1 /proc/modules | sort; cat /proc/sys/vm/swappiness; cat /proc/sys/net/ipv4/ip_forward;
nsenter --net=/run/netns/$(ls /run/netns | grep l4-1) sh -c 'tail -n +4 /proc/net/ip_vs_conn | wc -l'`;

  const soil = `touch /tmp/left-tmp /run/left-run /dev/shm/left; ip netns add left-ns; modprobe -d /run/tierlab/modules dummy;
ip link add left0 type dummy; echo 77 > /proc/sys/vm/swappiness; echo 1 > /proc/sys/net/ipv4/ip_forward`;

  function inGuest(script: string): ReturnType<Home['run']> {
    return home.run('exec', 'client', '--lab', 'x', '--', 'sh', '-c', script);
  }

  async function scenario(name: string, expectation: string): Promise<string> {
    const file = join(home.directory, `${name}.yaml`);
    await writeFile(
      file,
      `name: ${name}
topology: ${threeTier}
seed: 42
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 40, heartbeat: 500ms, timeout: 8s}
steady: {for: 1s}
timeline: [{at: 500ms, name: crash, fault: node.crash, target: l4-1}]
duration: 6s
expect: ['${expectation}']
`,
    );
    return file;
  }
});

/** What it has said so far, as progress. */
function listen({ child }: Started): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
