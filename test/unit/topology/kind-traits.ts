import { z } from 'zod';
import type { KindTable } from '../../../src/topology/types.ts';

/** Traits of the six kinds, as plain as the topology stage needs them. */
export const kindTraits: KindTable = {
  bird: {
    name: 'bird',
    summary: 'router: BGP with BFD and ECMP',
    options: z.object({
      bfd_interval: z.string().default('100ms').meta({ description: 'Time between two BFD packets.' }),
      bfd_multiplier: z.int().min(1).max(255).default(3),
      ecmp_limit: z.int().min(1).max(255).default(64),
    }),
    keys: { asn: 'optional' },
    bgp: 'router',
  },
  ipvs: {
    name: 'ipvs',
    summary: 'L4 balancer: IPVS with a consistent hash',
    options: z.object({
      scheduler: z
        .enum(['mh', 'rr', 'wrr', 'lc', 'sh'])
        .default('mh')
        .meta({ description: 'Scheduler of IPVS.' }),
      forward: z.enum(['ipip']).default('ipip'),
      sloppy_tcp: z.boolean().default(true),
    }),
    keys: { serves: 'required', to: 'required', asn: 'optional' },
    bgp: 'speaker',
    passesTo: ['haproxy'],
    tunnelOverhead: () => 20,
  },
  haproxy: {
    name: 'haproxy',
    summary: 'L7 proxy: HAProxy',
    options: z.object({ drain_timeout: z.string().default('30s') }),
    keys: { serves: 'required', to: 'required', asn: 'optional' },
    bgp: 'speaker',
    passesTo: ['web'],
  },
  web: { name: 'web', summary: 'backend: answers requests', options: z.object({}), keys: {}, bgp: 'none' },
  client: {
    name: 'client',
    summary: 'client with many source addresses',
    options: z.object({}),
    keys: { sources: 'required' },
    bgp: 'none',
  },
  switch: { name: 'switch', summary: 'bridge', options: z.object({}), keys: {}, bgp: 'none', internal: true },
};
