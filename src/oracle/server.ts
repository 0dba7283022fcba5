import { familyOf, parseAddress, parseQuad } from '../base/ip.ts';

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
 * What the hashing schedulers know of a flow's client, and of a server: the sum of address and port (host byte order, 32 bits). An IPv6
 * address is folded: its four words are XORed (net/netfilter/ipvs/ip_vs_mh.c, ip_vs_mh_hashkey; ip_vs_sh.c, ip_vs_sh_hashkey).
 * @throws RangeError if the address is none
 */
export function sumOf(address: string, port: number): number {
  const sum = familyOf(address) === 'ipv4' ? parseQuad(address) : foldedGroups(address);
  if (sum === undefined) throw new RangeError(`${address} is no address`);
  return (sum + port) >>> 0;
}

function foldedGroups(address: string): number | undefined {
  const value = parseAddress(address)?.value;
  if (value === undefined) return undefined;
  const words = [96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffff_ffffn));
  return words.reduce((sum, word) => sum ^ word, 0);
}
