/** A few rounds of chaos on ourselves; CONTRIBUTING.md says how to have more, and how to have the same again. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { labPaths } from '../../src/lab/paths.ts';
import { whyNoOwnMachine } from './own-machine.ts';
import { collect, makeHome, repository } from './tierlab.ts';

const program = join(repository, 'dist/tierlab.js');
const seed = Number(process.env.TIERLAB_CHAOS_SEED ?? Date.now() % 100_000);
const rounds = Number(process.env.TIERLAB_CHAOS_ROUNDS ?? 5);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const chaos = join(repository, 'node_modules/.cache/tierlab/chaos.mjs');

beforeAll(() => {
  const bundle = join(repository, 'test/bundle.mjs');
  const built = spawnSync(process.execPath, [bundle, join(repository, 'test/chaos/run.ts'), 'chaos']);
  expect(built.status, String(built.stderr)).toBe(0);
});

test('whatever is done to the command line and its helpers, it says so in a word and leaves nothing on the machine', {
  timeout: rounds * 300_000,
}, async (context) => {
  const why = whyNoOwnMachine();
  context.skip(why !== undefined, why);
  say(`TIERLAB_CHAOS_SEED=${seed} TIERLAB_CHAOS_ROUNDS=${rounds}`);
  const argv = [chaos, '--program', program, '--seed', String(seed), '--rounds', String(rounds)];
  const ownMachine = join(repository, 'test/chaos/own-machine.sh');
  const child = spawn('sh', [ownMachine, process.execPath, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { exitCode, stdout, stderr } = await collect(child);
  say(stdout);
  expect(exitCode, `seed ${seed}: ${stdout}${stderr}`).toBe(0);
});

test('nor does it on a native host: that of a guest, which is a machine of its own', {
  timeout: 600_000,
}, async () => {
  const home = await makeHome();
  const lab = labPaths('outer', home.directory);
  await mkdir(lab.directory, { recursive: true, mode: 0o700 });
  const guest = await umlHost(join(repository, 'dist')).open({ lab, report: () => undefined });
  try {
    const options = ['--host', 'native', '--patience', '3', '--program', program];
    const of = ['--seed', String(seed), '--rounds', '2'];
    const argv = [process.execPath, chaos, ...options, ...of];
    const { exitCode, stdout, stderr } = await guest.exec(argv, { timeoutMs: 500_000 });
    say(stdout);
    expect(exitCode, `${stdout}${stderr}`).toBe(0);
  } finally {
    await guest.disconnect();
    await home.remove();
  }
});
