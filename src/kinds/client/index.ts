import { z } from 'zod';
import { speaks } from '../../base/families.ts';
import { everyInterface } from '../bird/sysctls.ts';
import type { Kind } from '../contract.ts';

/** Where traffic comes from: no daemons, and as many source addresses as it has `sources`. */
export const client: Kind = {
  traits: {
    name: 'client',
    summary: 'opens connections, from many source addresses',
    options: z.object({}),
    keys: { sources: 'optional' },
    bgp: 'none',
  },
  modules: [],
  programs: [],
  render: () => ({}),
  ipBatch: () => [],
  sysctls: (node) => ({
    // Ports for connections that do not choose their own. Nothing else of TCP is altered: retransmissions are as anywhere.
    'net/ipv4/ip_local_port_range': '1024 65535',
    ...everyInterface(node, 'rp_filter', '0'),
    // IPv6 opens connections from addresses on an interface only, unless told otherwise (Linux net/ipv6/af_inet6.c, __inet6_bind).
    ...(speaks(node, 'ipv6') ? { 'net/ipv6/ip_nonlocal_bind': '1' } : {}),
  }),
  daemons: () => [],
  ready: async () => ({ ok: true, saw: 'nothing to wait for' }),
};
