import { z } from 'zod';
import type { Kind } from '../contract.ts';

/** A network: a bridge in a namespace of its own, made with the cables. One for every network of a plan. */
export const networkSwitch: Kind = {
  traits: {
    name: 'switch',
    summary: 'a bridge in a namespace of its own, one for every network',
    options: z.object({}),
    keys: {},
    bgp: 'none',
    internal: true,
  },
  modules: ['bridge'],
  programs: [],
  render: () => ({}),
  ipBatch: () => [],
  sysctls: () => ({}),
  daemons: () => [],
  ready: async () => ({ ok: true, saw: 'nothing to wait for' }),
};
