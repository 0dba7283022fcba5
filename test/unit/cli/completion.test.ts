import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entry, scratch, tierlab } from './run-cli.ts';

const complete = (...words: string[]): string[] =>
  tierlab(['__complete', '--', ...words])
    .stdout.split('\n')
    .filter(Boolean);

test.for(['bash', 'zsh', 'fish'])('%s accepts its completion script', (shell, { skip }) => {
  const { exitCode, stdout } = tierlab(['completion', shell]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('tierlab __complete');
  const script = join(scratch(), `completion.${shell}`);
  writeFileSync(script, stdout);
  const check = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
  if (check.error !== undefined) skip(`no ${shell} here`);
  expect({ status: check.status, stderr: check.stderr }).toEqual({ status: 0, stderr: '' });
});

test('commands are completed, their aliases too, hidden ones not', () => {
  expect(complete('')).toEqual(expect.arrayContaining(['doctor', 'up', 'deploy', 'test', 'judge']));
  expect(complete('')).not.toContain('__complete');
  expect(complete('de')).toEqual(['deploy', 'destroy']);
});

test('flags, their values, and the values of arguments are completed', () => {
  expect(complete('up', '--ho')).toEqual(['--host']);
  expect(complete('up', '--host', '')).toEqual(['auto', 'native', 'uml']);
  expect(complete('test', '--k')).toEqual(['--keep']);
  expect(complete('--format', 'j')).toEqual(['json']);
  expect(complete('schema', '')).toEqual(['topology', 'scenario']);
  expect(complete('completion', 'z')).toEqual(['zsh']);
});

test('commands below a command are completed, and faults by their names', () => {
  expect(complete('fault', '')).toEqual(['add', 'list', 'heal']);
  expect(complete('traffic', 'st')).toEqual(['start', 'status', 'stop']);
  expect(complete('fault', 'add', 'node.c')).toContain('node.crash');
  expect(complete('rolling', 'l7', 'drain', 'node.r')).toEqual(['node.restart']);
  expect(complete('graph', '--as', 's')).toEqual(['svg']);
});

test('where files are meant there are no candidates', () => {
  const { exitCode, stdout } = tierlab(['__complete', '--', 'plan', 'top']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
});

test('in a bash, tab completes', () => {
  const folder = scratch();
  const program = join(folder, 'tierlab');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${entry()}' "$@"\n`);
  chmodSync(program, 0o755);
  const script = `
    source <(tierlab completion bash)
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
    _tierlab
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const tab = (...words: string[]): string[] =>
    spawnSync('bash', ['-c', script, 'bash', 'tierlab', ...words], {
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH ?? ''}`, TIERLAB_HOME: join(folder, 'home') },
    })
      .stdout.split('\n')
      .filter(Boolean);
  expect(tab('dow')).toEqual(['down']);
  expect(tab('up', '--host', '')).toEqual(['auto', 'native', 'uml']);
  expect(tab('plan', 'nosuch')).toEqual([]);
});
