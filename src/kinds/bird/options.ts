import { z } from 'zod';
import { parseDuration } from '../../base/units.ts';

/**
 * A duration as users write it. It stays text, so that options can be checked again, and so that the plan shows what the
 * topology says; `milliseconds` reads it where it is used.
 */
export function duration(from: string, to: string): z.ZodString {
  const [least, most] = [milliseconds(from), milliseconds(to)];
  return z
    .string()
    .regex(/^\d+(\.\d+)?(us|ms|s|m|h)$/, `expected a duration such as ${from}`)
    .refine((text) => milliseconds(text) >= least && milliseconds(text) <= most, `expected ${from} to ${to}`);
}

/** @returns the milliseconds of a text that `duration` accepted */
export function milliseconds(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

/** Keys of every kind that speaks BGP. */
export const bgpKeys = {
  bfd: z
    .boolean()
    .default(true)
    .describe('whether neighbours are watched with BFD; without, only the hold time notices a silent death'),
  bfd_interval: duration('10ms', '10s')
    .default('100ms')
    .describe('time between two BFD packets, in either direction'),
  // BIRD's own default. Three are too few on a machine that is not one's own: when its processor is taken away for
  // 0.3 s, all sessions of the lab drop at once and are back after two seconds.
  bfd_multiplier: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('number of BFD packets that must be missing before a neighbour counts as dead'),
  hold_time: duration('3s', '65535s')
    .default('9s')
    .describe('BGP hold time, for neighbours that BFD cannot watch; whole seconds'),
  // BIRD's own bounds for "merge paths limit" (nest/config.Y).
  ecmp_limit: z
    .int()
    .min(1)
    .max(255)
    .default(64)
    .describe('most next hops of a route; more equal ways than that are not used'),
} as const;

export const bgpOptions = z.object(bgpKeys);

export type BgpOptions = z.infer<typeof bgpOptions>;

/** Keys of a router, beside those of BGP. */
export const routerOptions = z.object({
  ...bgpKeys,
  next_hops: z
    .enum(['bgp', 'static', 'resilient'])
    .default('bgp')
    .describe(
      'where its next hops to the VIPs come from: from BGP and BFD, or from a fixed next-hop group of the kernel, plain or resilient, which notices no death',
    ),
  buckets: z
    .int()
    .min(1)
    .max(65_535)
    .default(128)
    .describe('buckets of a resilient group: flows in one bucket move together'),
  idle_timer: duration('1s', '24h')
    .default('120s')
    .describe(
      'a bucket of a resilient group moves to a new next hop once it was idle for so long; whole seconds',
    ),
  unbalanced_timer: duration('0s', '24h')
    .default('0s')
    .describe(
      'after so long out of balance a resilient group moves buckets that are in use as well; whole seconds, 0s: never',
    ),
});
