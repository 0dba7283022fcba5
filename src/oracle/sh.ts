/**
 * IPVS's source hashing as Linux 6.1 computes it (net/netfilter/ipvs/ip_vs_sh.c): 256 buckets that the servers
 * fill in turn, the last added first, each as many at a time as its weight (at least one). A flow's bucket are the top eight bits of
 * its sum times the kernel's 32-bit golden ratio (include/linux/hash.h, GOLDEN_RATIO_32).
 */
import { type LookupOptions, type Server, sumOf } from './server.ts';

export interface SourceTable {
  /** By bucket: which server (its place in the given order). Empty without servers. */
  readonly buckets: readonly number[];
  readonly available: readonly boolean[];
}

/** @param servers in the order in which they were added */
export function buildSourceTable(servers: readonly Server[]): SourceTable {
  const round = servers
    .flatMap(({ weight }, place) => Array.from({ length: Math.max(1, weight) }, () => place))
    .reverse();
  const buckets =
    round.length === 0 ? [] : Array.from({ length: size }, (_, bucket) => round[bucket % round.length] ?? 0);
  return { buckets, available: servers.map(({ weight }) => weight > 0) };
}

/** @returns the place of the server in the order of adding, or undefined if no server takes the flow */
export function lookupSource(
  { buckets, available: whenBuilt }: SourceTable,
  client: string,
  port: number,
  { fallback = true, available = whenBuilt }: LookupOptions = {},
): number | undefined {
  const hash = Math.imul(sumOf(client, port), goldenRatio) >>> 24;
  const chosen = buckets[hash];
  if (chosen === undefined) return undefined;
  if (available[chosen] === true) return chosen;
  if (!fallback) return undefined;
  // The distance is counted from the hash and added to it once more.
  for (let n = 0; n < size; n++) {
    const other = buckets[(hash + ((hash + n) % size)) % size] ?? -1;
    if (available[other] === true) return other;
  }
  return undefined;
}

const size = 256;
const goldenRatio = 0x61c88647;
