import { z } from 'zod';
import type { PlannedNode, Scheduler, Service } from '../../topology/types.ts';
import { bgpKeys, duration, milliseconds } from '../bird/options.ts';

/** Schedulers that depend on nothing but the flow and the servers, so that all L4 nodes choose alike, and one that does not. */
const schedulers = ['mh', 'sh', 'rr'] as const satisfies readonly Scheduler[];

const timeout = (byDefault: string, what: string) =>
  duration('1s', '24h')
    .refine((text) => milliseconds(text) % 1000 === 0, 'expected whole seconds')
    .default(byDefault)
    .describe(what);

export const ipvsOptions = z.object({
  ...bgpKeys,
  scheduler: z
    .enum(schedulers)
    .default('mh')
    .describe(
      'how IPVS chooses a server, where a service does not say otherwise: mh (Maglev hash) and sh (source hash) choose alike on every node, rr does not',
    ),
  forward: z
    .enum(['ipip'])
    .default('ipip')
    .describe('how packets get to the servers: ipip (tunnel, answers go back directly)'),
  sloppy_tcp: z
    .boolean()
    .default(true)
    .describe(
      'take over connections in midstream, from a packet that is no SYN; without it moved flows are reset',
    ),
  schedule_icmp: z
    .boolean()
    .default(true)
    .describe(
      'send ICMP errors of connections that it does not know to their server; without it path MTU discovery fails where they come to another L4 node',
    ),
  timeouts: z
    .strictObject({
      tcp: timeout('15m', 'of an established TCP flow: also of one that has moved to another L4 node since'),
      tcpfin: timeout('2m', 'of a TCP flow that has ended'),
      udp: timeout('5m', 'of a UDP flow'),
    })
    .prefault({})
    .describe('how long a flow stays in the table after its last packet; whole seconds (ipvsadm --set)'),
  check_interval: duration('50ms', '1m')
    .default('500ms')
    .describe('time between two health checks of a server'),
  check_timeout: duration('100ms', '1m')
    .default('1s')
    .describe('how long a server may take to accept a check'),
  check_retries: z.int().min(0).max(10).default(1).describe('failed checks that are forgiven in a row'),
  check_retry_delay: duration('50ms', '1m')
    .default('200ms')
    .describe('time before a failed check is tried again'),
});

/**
 * How long a server that has died without a word is still used, at least and at most: each attempt runs into its timeout, and the
 * first one begins at the end of an interval. Milliseconds.
 */
export function ejection(options: IpvsOptions): readonly [least: number, most: number] {
  const retries = options.check_retries;
  const attempts = (retries + 1) * milliseconds(options.check_timeout);
  const least = attempts + retries * milliseconds(options.check_retry_delay);
  return [least, least + milliseconds(options.check_interval)];
}

export type IpvsOptions = z.infer<typeof ipvsOptions>;

export const schedulerOf = ({ options }: PlannedNode, { scheduler }: Service): Scheduler =>
  scheduler ?? ipvsOptions.parse(options).scheduler;
