/** A star: so many bare namespaces on one network. The kind is the bench's own, so that nothing but plumbing is measured. */
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import type { Kind } from '../../src/kinds/contract.ts';
import type { PlumbingOptions } from '../../src/lab/index.ts';
import { type Plan, planTopology } from '../../src/topology/index.ts';

export function starPlan(nodes: number): Plan {
  return planTopology(
    {
      name: 'star',
      file: 'star.yaml',
      services: [],
      networks: [{ name: 'star', subnet: '10.0.0.0/16' }],
      nodes: [
        {
          name: 'n',
          kind: 'plain',
          count: nodes,
          numbered: true,
          networks: ['star'],
          serves: [],
          options: {},
        },
      ],
    },
    { plain: plain.traits },
  );
}

/** As the command line plumbs: four lanes at most. */
export function starOptions(dist: string): PlumbingOptions {
  return {
    kinds: { plain },
    programs: { directory: dist, node: process.execPath },
    lanes: Math.min(4, availableParallelism()),
  };
}

const plain: Kind = {
  traits: { name: 'plain', summary: 'a bare namespace', options: z.object({}), keys: {}, bgp: 'none' },
  modules: [],
  programs: [],
  render: () => ({}),
  ipBatch: () => [],
  sysctls: () => ({}),
  daemons: () => [],
  ready: async () => ({ ok: true, saw: 'nothing to wait for' }),
};
