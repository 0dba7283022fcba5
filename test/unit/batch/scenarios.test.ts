import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { allScenarioFiles, furtherScenarios, scenarioFiles } from '../../../src/cli/scenarios.ts';

test('a folder of labs means every scenario below it, a lab folder its own, and a file itself', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-scenarios-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = {
    '02-b/scenario.yaml': 'topology: ../t.yaml',
    '02-b/also.yaml': 'expect: []',
    '01-a/scenario.yaml': 'topology: ../t.yaml',
    '01-a/README.md': 'topology: none',
    't.yaml': 'nodes: {}',
    '.hidden/scenario.yaml': 'topology: x',
    'node_modules/x/scenario.yaml': 'topology: x',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const inside = (...paths: string[]): string[] => paths.map((path) => join(folder, path));
  expect(await scenarioFiles(folder)).toEqual(
    inside('01-a/scenario.yaml', '02-b/also.yaml', '02-b/scenario.yaml'),
  );
  expect(await scenarioFiles(join(folder, '02-b'))).toEqual(inside('02-b/scenario.yaml'));
  expect(await scenarioFiles(join(folder, '02-b/also.yaml'))).toEqual(inside('02-b/also.yaml'));
  await expect(scenarioFiles(join(folder, 'node_modules/.none'))).resolves.toHaveLength(1);
  expect(await furtherScenarios(join(folder, '02-b'))).toEqual(inside('02-b/also.yaml'));
  expect(await furtherScenarios(join(folder, '02-b/also.yaml'))).toEqual([]);
  expect(await furtherScenarios(folder)).toEqual([]);
  expect(
    await allScenarioFiles([join(folder, '02-b'), `${folder}/./02-b/scenario.yaml`, folder]),
  ).toHaveLength(3);
});
