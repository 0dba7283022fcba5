import { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';
import { forget, recall, remember } from './memory.ts';

const name = z.string().regex(/^net(\.[a-zA-Z0-9_-]+)+$/, {
  error: ({ input }) => `"${input}" is no sysctl of the network, such as net.ipv4.vs.sloppy_tcp`,
});

/** Somebody turns knobs of a node's kernel. Only those of the network: each node has its own. */
export const nodeSysctl = defineFault({
  traits: {
    name: 'node.sysctl',
    summary: "sysctls of a node's network change; heal puts the old values back",
    target: 'node',
    options: z.strictObject({
      set: z
        .record(name, z.union([z.number(), z.string().regex(/^[^\n]{0,200}$/)]), {
          error: 'must be a map such as {net.ipv4.vs.sloppy_tcp: 0}',
        })
        .refine((set) => Object.keys(set).length > 0, { error: 'at least one sysctl must change' })
        .meta({ description: 'sysctls and their values: {net.ipv4.vs.sloppy_tcp: 0}.' }),
    }),
  },

  isRenewed: true,
  isForNewcomers: true,

  async inject(lab, { node }, { set }) {
    const names = Object.keys(set);
    const old = await read(lab, node, names);
    for (const [i, each] of names.entries()) await remember(lab.paths, keyOf(node, each), old[i] ?? '');
    return write(lab, node, new Map(Object.entries(set).map(([each, value]) => [each, String(value)])));
  },

  async heal(lab, { node }, { set }) {
    const old = new Map<string, string>();
    for (const each of Object.keys(set)) {
      const value = await recall(lab.paths, keyOf(node, each));
      if (value !== undefined) old.set(each, value);
    }
    if (old.size === 0) return { landed: true, evidence: `${node.name} is as it was` };
    const healed = await write(lab, node, old);
    if (healed.landed) for (const each of old.keys()) await forget(lab.paths, keyOf(node, each));
    return healed;
  },
});

async function write(lab: LiveLab, node: PlannedNode, values: ReadonlyMap<string, string>): Promise<Landed> {
  const names = [...values.keys()];
  const before = await read(lab, node, names);
  const pairs = [...values].flatMap(([each, value]) => [pathOf(each), value]);
  const { exitCode, stderr } = await lab.exec(node.name, ['sh', '-c', writer, 'sysctl', ...pairs]);
  if (exitCode !== 0) return { landed: false, evidence: stderr.trim() };
  const now = await read(lab, node, names);
  return {
    landed: names.every((each, i) => words(now[i]) === words(values.get(each))),
    evidence: names.map((each, i) => `${node.name} ${each}: ${before[i]} → ${now[i]}`).join(', '),
  };
}

/** @throws if there is no such sysctl in the node's namespace */
async function read(lab: LiveLab, node: PlannedNode, names: readonly string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await lab.exec(node.name, ['cat', ...names.map(pathOf)]);
  if (exitCode !== 0) throw new Error(stderr.trim());
  return stdout.trimEnd().split('\n');
}

const writer = 'while [ $# -gt 0 ]; do printf %s "$2" >"$1" || exit 1; shift 2; done';

const pathOf = (each: string): string => `/proc/sys/${each.replaceAll('.', '/')}`;
const keyOf = (node: PlannedNode, each: string): string => `${node.name} ${each}`;
const words = (value: string | undefined): string => (value ?? '').trim().split(/\s+/).join(' ');
