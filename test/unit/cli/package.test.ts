import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { entry, scratch } from './run-cli.ts';

test('the version is said within three times the start of an empty Node', () => {
  const time = (args: readonly string[]): number => {
    const start = performance.now();
    expect(spawnSync(process.execPath, args).status).toBe(0);
    return performance.now() - start;
  };
  const empty: number[] = [];
  const version: number[] = [];
  for (let run = 0; run < 9; run++) {
    empty.push(time(['-e', '0']));
    version.push(time([entry(), '--version']));
  }
  // The best of each: what else the machine does only ever makes a run slower.
  expect(Math.min(...version) / Math.min(...empty)).toBeLessThan(3);
});

test('the packed package runs where it is installed, without the network', { timeout: 120_000 }, () => {
  const folder = scratch();
  const npm = (args: readonly string[], cwd: string): string => {
    const { status, stdout, stderr } = spawnSync('npm', [...args, '--loglevel', 'error'], {
      cwd,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    return stdout;
  };
  npm(['pack', '--pack-destination', folder], inject('packageRoot'));
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  npm(
    ['install', '--offline', '--no-audit', '--no-fund', '--prefix', 'elsewhere', join(folder, tarball)],
    folder,
  );

  const installed = join(folder, 'elsewhere/node_modules/tierlab');
  const listed = readdirSync(installed);
  expect(listed).toEqual(
    expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'docs', 'labs', 'topologies']),
  );
  expect(listed).not.toContain('src');
  expect(readdirSync(join(folder, 'elsewhere/node_modules')).filter((name) => !name.startsWith('.'))).toEqual(
    ['tierlab'],
  );

  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(join(folder, 'elsewhere/node_modules/.bin/tierlab'), args, {
      cwd: installed,
      encoding: 'utf8',
    });
  expect(run('--version').stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(run('plan', 'topologies/three-tier.yaml')).toMatchObject({ status: 0, stderr: '' });
  expect(run('validate', 'labs/04-silent-death')).toMatchObject({
    status: 0,
    stdout: 'labs/04-silent-death/scenario.yaml: fine\n',
  });
  // What runs inside a lab is found beside the bundle.
  const files = JSON.parse(
    run('--format', 'json', 'render', 'topologies/three-tier.yaml', '-o', join(folder, 'out')).stdout,
  );
  expect(files).toMatchObject({ files: expect.arrayContaining(['plumbing/up.steps']) });
});
