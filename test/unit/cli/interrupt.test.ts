/** Ctrl-C in the first instants of a command: it is heard before anything can have been created. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { entry, scratch } from './run-cli.ts';

/**
 * Runs before the entry, in its process. As soon as the entry begins to listen to SIGINT it says which modules of Node have
 * been loaded, and sends itself one: long before the program, which is loaded next, could do anything.
 */
const interrupting = `
import { writeSync } from 'node:fs';
const listen = (name) => {
  if (name !== 'SIGINT') return;
  process.off('newListener', listen);
  writeSync(2, JSON.stringify(process.moduleLoadList) + '\\n');
  setImmediate(() => process.kill(process.pid, 'SIGINT'));
};
process.on('newListener', listen);
`;

test.each([
  [['up', 'topologies/three-tier.yaml', '--host', 'uml']],
  [['test', 'labs/01-l4-crash', '--host', 'uml', '--runs', 'FOLDER/runs']],
  [['new', 'lab', '-o', 'FOLDER/lab.yaml']],
  [['render', 'topologies/three-tier.yaml', '-o', 'FOLDER/rendered']],
])('%j is interrupted before it begins: exit code 130, a word, and nothing is created', (words) => {
  const folder = scratch();
  const script = join(scratch(), 'interrupting.mjs');
  writeFileSync(script, interrupting);
  const args = words.map((word) => word.replace('FOLDER', folder));
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', script, entry(), ...args],
    {
      cwd: inject('packageRoot'),
      env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TIERLAB_HOME: join(folder, 'home') },
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  const [modules = '', ...said] = stderr.split('\n');
  expect({ status, signal, stdout, said }).toEqual({
    status: 130,
    signal: null,
    stdout: '',
    said: ['interrupted', ''],
  });
  expect(readdirSync(folder)).toEqual([]);
  // Before the signal is listened to it ends the process, which at that time cannot have started another one.
  expect(JSON.parse(modules)).toContain('NativeModule fs');
  expect(JSON.parse(modules)).not.toContain('NativeModule child_process');
});
