import { expect, test } from 'vitest';
import type { Host } from '../../../src/hosts/contract.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { LiveLab, labPaths } from '../../../src/lab/index.ts';
import { threeTier } from '../kinds/three-tier.ts';

const tables = '/proc/net/ip_vs_conn';

test('a node without a namespace is read without a process', async () => {
  const { lab, processes } = await labWhere('ENOENT');
  await expect(lab.view(lab.node('l4-1')).readFile(tables)).rejects.toThrow('l4-1 has no namespace');
  expect(await lab.flows()).toEqual([
    { node: 'l4-1', flows: [] },
    { node: 'l4-2', flows: [] },
  ]);
  expect(processes).toEqual([]);
});

test('a node whose daemons are all dead is read by a process of ours, for its kernel goes on', async () => {
  // What reading a namespace's file says where there is one.
  const { lab, processes } = await labWhere('EINVAL');
  expect(await lab.view(lab.node('l4-1')).readFile(tables)).toBe('what cat says');
  expect(processes).toEqual([`cat ${tables}`]);
});

/** A lab without a file that could be read, on a host that notes what it runs in namespaces. */
async function labWhere(code: string): Promise<{ lab: LiveLab; processes: string[] }> {
  const processes: string[] = [];
  const host = {
    readFile: () => Promise.reject(Object.assign(new Error(code), { code })),
    exec: async (argv: readonly string[]) => {
      processes.push(argv.slice(argv.indexOf('--') + 1).join(' '));
      return { exitCode: 0, stdout: 'what cat says', stderr: '' };
    },
  } as unknown as Host;
  const options = { kinds, programs: { directory: '/programs', node: '/node' }, lanes: 1 };
  return { lab: new LiveLab(labPaths('a', '/home'), await threeTier(), host, options), processes };
}
