/** The other examples of docs/ci. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { buildProgram } from '../../../src/cli/program.ts';

const read = (name: string): unknown =>
  parse(readFileSync(join(import.meta.dirname, '../../../docs/ci', name), 'utf8'));

interface Job {
  readonly spec: {
    readonly completionMode: string;
    readonly completions: number;
    readonly template: {
      readonly spec: {
        readonly securityContext: Readonly<Record<string, unknown>>;
        readonly containers: readonly {
          readonly env: readonly { readonly name: string; readonly value: string }[];
          readonly securityContext: Readonly<Record<string, unknown>>;
          readonly volumeMounts: readonly { readonly name: string }[];
        }[];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

test('the Kubernetes job gives each pod its share, and asks for no privilege', () => {
  const { spec } = read('kubernetes-job.yaml') as Job;
  const [container] = spec.template.spec.containers;
  const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]));
  expect(spec.completionMode).toBe('Indexed');
  expect(env.TIERLAB_SHARD).toBe(`auto/${spec.completions}`);
  expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
  expect(container?.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  expect(container?.volumeMounts.map(({ name }) => name).sort()).toEqual(
    spec.template.spec.volumes.map(({ name }) => name).sort(),
  );
  const known = buildProgram('0', () => {})
    .commands.find((command) => command.name() === 'test')
    ?.options.map(({ envVar }) => envVar);
  for (const name of Object.keys(env)) if (name !== 'TIERLAB_HOME') expect(known).toContain(name);
});

test('the matrix covers all shares, and what it hands on are inputs of the action', () => {
  const { jobs } = read('matrix.yml') as {
    jobs: {
      survive: {
        strategy: { matrix: { shard: string[] } };
        steps: { uses?: string; with?: Record<string, string> }[];
      };
    };
  };
  const { shard } = jobs.survive.strategy.matrix;
  expect(shard).toEqual(shard.map((_, i) => `${i + 1}/${shard.length}`));
  const { inputs } = read('action.yml') as { inputs: Record<string, unknown> };
  const step = jobs.survive.steps.find(({ uses }) => uses === './docs/ci');
  expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(step?.with ?? { none: true })));
});
