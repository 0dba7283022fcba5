import { z } from 'zod';
import type { PlannedNode } from '../../topology/types.ts';
import { bgpKeys, duration } from '../bird/options.ts';

export const haproxyFile = 'haproxy.cfg';

export const haproxyOptions = z.object({
  ...bgpKeys,
  way_back: z
    .enum(['bgp', 'static'])
    .default('bgp')
    .describe(
      'how it finds the way back to the clients: from the routers, or by a static route over all of them, which notices no death',
    ),
  balance: z
    .enum(['roundrobin', 'leastconn', 'random'])
    .default('roundrobin')
    .describe('how HAProxy chooses a backend'),
  check_interval: duration('50ms', '1m')
    .default('1s')
    .describe('time between two health checks of a backend'),
  maxconn: z.int().min(100).max(1_000_000).default(20_000).describe('most connections at a time'),
});

export type HaproxyOptions = z.infer<typeof haproxyOptions>;

/** Does it answer by a route of its own, whatever the routers say? */
export const hasStaticWay = ({ options }: PlannedNode): boolean =>
  haproxyOptions.parse(options).way_back === 'static';
