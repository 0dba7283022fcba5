import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { explained } from './explained.ts';
import { type Home, judged, makeHome, repository, threeTier } from './tierlab.ts';

describe('verdicts on real labs', () => {
  let home: Home;

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(() => home.remove());

  test('01-l4-crash: none breaks, what moved is what was on the dead node, and the control loses exactly that', {
    timeout: 600_000,
  }, async () => {
    const outcome = await judged(home, join(repository, 'labs/01-l4-crash'));
    if (outcome.exitCode !== 0) expect.fail(await explained(home, outcome));
    const [scenario] = outcome.document.scenarios;
    const held = scenario?.metrics.held ?? {};
    expect(held).toMatchObject({ connections: 500, broken: 0, moved: held.exposed });
    expect(held.moved).toBeGreaterThan(500 / 3);
    expect(held.moved).toBeLessThan((500 * 2) / 3);
    const control = scenario?.control?.metrics.held ?? {};
    expect(control['broken.rst']).toBe(control.exposed);
    expect(control.broken).toBeGreaterThan(0);

    // The saved run, judged again, says the same.
    const again = await home.run('judge', scenario?.runDir ?? '', '--format', 'json');
    expect(again.exitCode).toBe(0);
    expect(JSON.parse(again.stdout).scenarios[0].metrics).toEqual(scenario?.metrics);
    expect(await home.inventory()).toEqual([]);
  });

  test('every fault lands and heals: freeze, a pulled cable, and the crash of a backend', {
    timeout: 600_000,
  }, async () => {
    const file = join(home.directory, 'faults.yaml');
    await writeFile(
      file,
      `name: every fault
topology: ${threeTier}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 60, heartbeat: 1s, timeout: 8s}
steady: {for: 1s}
timeline:
  - {at: 1s, name: freeze, fault: node.freeze, target: l4-2}
  - {at: 5s, action: heal, of: freeze}
  - {at: 8s, name: cable, fault: link.down, target: 'l7-1:fabric'}
  - {at: 12s, action: heal, of: cable}
  - {at: 14s, name: backend, fault: node.crash, target: web-1}
  - {at: 16s, action: heal, of: backend}
duration: 18s
expect:
  - held.broken in freeze..heal-freeze == 0
  - held.moved > 0
`,
    );
    const { document } = await judged(home, file);
    const [scenario] = document.scenarios;
    expect(scenario?.timeline.filter(({ landed }) => !landed)).toEqual([]);
    expect(scenario?.timeline.map(({ name }) => name)).toEqual([
      'freeze',
      'heal-freeze',
      'cable',
      'heal-cable',
      'backend',
      'heal-backend',
    ]);
    expect(scenario?.expectations.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  });

  test('an expectation that does not hold fails with exit code 1, and a control that does not break is unknown', {
    timeout: 600_000,
  }, async () => {
    const body = `topology: ${threeTier}
traffic:
  - {name: held, type: held-tcp, from: client, to: web, connections: 40, heartbeat: 500ms, timeout: 5s}
steady: {for: 1s}
timeline: [{at: 500ms, name: crash, fault: node.crash, target: l7-1}]
duration: 8s
`;
    const failing = join(home.directory, 'failing.yaml');
    await writeFile(failing, `name: losing an L7 breaks its own\n${body}expect: [held.broken == 0]\n`);
    const lost = await judged(home, failing);
    expect(lost.exitCode).toBe(1);
    expect(lost.document.scenarios[0]?.expectations[0]).toMatchObject({ verdict: 'fail' });
    expect(lost.document.scenarios[0]?.metrics.held?.collateral).toBe(0);

    const idle = join(home.directory, 'idle.yaml');
    await writeFile(
      idle,
      `name: a control that protects as well\n${body}expect: [held.collateral == 0]\ncontrol: {set: {l4.check_interval: 700ms}, expect: [held.collateral > 0]}\n`,
    );
    const unproven = await home.run('test', idle, '--host', 'uml');
    expect(unproven.exitCode).toBe(5);
    expect(unproven.stdout).toContain('the control did not break as named');
  });

  test('a test leaves the labs of another one alone; Ctrl-C in its middle tears down, keeps the history, and exits with 130', async () => {
    const lab = join(repository, 'labs/01-l4-crash');
    const { child, outcome } = home.start('test', lab, '--host', 'uml');
    await delay(8000);
    expect(
      await home.run('test', lab, '--host', 'uml', '--runs', join(home.directory, 'other')),
    ).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining(`lab 01-l4-crash belongs to process ${child.pid}`),
    });
    child.kill('SIGINT');
    expect(await outcome).toMatchObject({ exitCode: 130 });
    expect(await home.inventory()).toEqual([]);
    const [run = ''] = await readdir(join(home.directory, '.tierlab/runs'));
    expect(await readFile(join(home.directory, '.tierlab/runs', run, 'main.jsonl'), 'utf8')).toContain(
      '"interrupted"',
    );
  });
});
