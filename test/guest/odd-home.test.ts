import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Home, judged, makeHome, threeTier } from './tierlab.ts';

/** Characters that shells, fstab, and the configurations of HAProxy, keepalived and BIRD each read in a way of their own. */
describe("a home that is called a b's #1 $HOME {%41} é;", () => {
  let home: Home;
  const fine = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await home.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };

  beforeAll(async () => {
    home = await makeHome("a b's #1 $HOME {%41} é;");
  });
  afterAll(() => home.remove());

  test('carries a whole lab: files, checks, drains, changes, traffic', async () => {
    await fine('up', threeTier, '--host', 'uml');
    expect(await fine('logs', 'l7-1', '--daemon', 'haproxy')).not.toMatch(/ALERT|WARNING/);
    // The word goes into a list that HAProxy knows by the path of its file.
    await fine('drain', 'l7-1');
    await fine('undrain', 'l7-1');
    await fine('fault', 'add', 'node.crash', 'l4-1');
    await fine('fault', 'heal', '--all');
    await fine('scale', 'l7', '+1');
    await fine('drain', 'l7-4');
    await fine('undrain', 'l7-4');
    await fine('traffic', 'start', '--connections', '5');
    await fine('traffic', 'stop');
    await fine('down', '--all');
    expect(await home.inventory()).toEqual([]);
  });

  test('carries a scenario to its verdict', async () => {
    const scenario = join(home.directory, 'short.yaml');
    await writeFile(
      scenario,
      `name: short
topology: ${threeTier}
traffic: [{name: held, type: held-tcp, from: client, to: web, connections: 20, heartbeat: 1s, timeout: 5s}]
steady: {for: 1s}
timeline: [{at: 1s, name: crash, fault: node.crash, target: l4-1}]
duration: 4s
expect: [held.broken == 0]
`,
    );
    const { exitCode, stderr } = await judged(home, scenario);
    expect(exitCode, stderr).toBe(0);
    expect(await home.inventory()).toEqual([]);
  });
});
