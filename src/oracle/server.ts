import { parseAddress } from '../base/ip.ts';

/** A server of IPVS. */
export interface Server {
  readonly address: string;
  readonly port: number;
  /** Now. 0: takes no new flows. */
  readonly weight: number;
  /** The last one that was not 0, since it was added. Default: the weight now. */
  readonly lastWeight?: number;
}

/** The server after its weight was changed (Linux net/netfilter/ipvs/ip_vs_ctl.c keeps the last weight that was not 0). */
export function withWeight(server: Server, weight: number): Server {
  return { ...server, weight, lastWeight: weight === 0 ? (server.lastWeight ?? server.weight) : weight };
}

/** How a scheduler chooses a server for a flow. */
export interface LookupOptions {
  /** `mh-fallback`, `sh-fallback`: look on where the chosen server has weight 0. Default yes. */
  readonly fallback?: boolean;
  /** By server, whether it takes new flows; default: as when the table was built. */
  readonly available?: readonly boolean[];
}

/**
 * What the hashing schedulers know of a flow's client, and of a server: the sum of address and port (host byte order, 32 bits).
 * @throws RangeError if the address is no IPv4 address
 */
export function sumOf(address: string, port: number): number {
  const value = parseAddress(address);
  if (value === undefined) throw new RangeError(`${address} is no IPv4 address`);
  return (value + port) >>> 0;
}
