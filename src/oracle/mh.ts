/**
 * IPVS's Maglev scheduler as Linux 6.1 computes it (net/netfilter/ipvs/ip_vs_mh.c; the algorithm: Eisenbud et al., "Maglev", NSDI 2016, section 3.4). What it does beyond the paper:
 *
 * - A server's list of preferred slots comes from the sum of its address and port, hashed with two fixed keys; a flow's
 *   slot comes from the sum of the client's address and port in the same way. So nothing is secret, and sums collide.
 * - Servers choose in the order of IPVS's list, which is the reverse of the order in which they were added.
 * - In its turn a server takes as many slots as its weight, divided by what all weights have in common and cut to a few bits.
 * - A server's weight in the table is the last one that was not zero; with weight 0 now it keeps its slots and is passed
 *   over at lookup. Only a server that was added with weight 0, and never had another, has no slots.
 */
import { hashWord, offsetKey, skipKey } from './mh-hash.ts';
import { type LookupOptions, type Server, sumOf } from './server.ts';

export interface MaglevTable {
  readonly size: number;
  /** By slot: which server (its place in the given order); −1: none, in the whole table. */
  readonly slots: Int32Array;
  /** By server: has it a weight now? */
  readonly available: readonly boolean[];
}

/** Slots of the kernel's table: CONFIG_IP_VS_MH_TAB_INDEX=12, the default. The others go from 251 to 131,071. */
const defaultSize = 4093;

/**
 * @param servers in the order in which they were added
 * @param size a prime; the kernel has 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521 and 131071
 * @throws RangeError if there are more servers than slots, or an address is none
 */
export function buildTable(servers: readonly Server[], size: number = defaultSize): MaglevTable {
  if (servers.length > size) throw new RangeError(`${servers.length} servers do not fit ${size} slots`);
  const slots = new Int32Array(size).fill(-1);
  const available = servers.map(({ weight }) => weight > 0);
  const turns = turnsOf(servers, size);
  // Last added, first served; servers without a turn take no part.
  const places = servers
    .map((_, place) => place)
    .filter((place) => (turns[place] ?? 0) > 0)
    .reverse();
  if (places.length > 0) fill(slots, places, turns, servers);
  return { size, slots, available };
}

/** @returns the place of the server in the order of adding, or undefined if no server takes the flow */
export function lookup(
  table: MaglevTable,
  client: string,
  port: number,
  { fallback = true, available = table.available }: LookupOptions = {},
): number | undefined {
  const key = sumOf(client, port);
  const first = hashWord(key, offsetKey) % table.size;
  const chosen = table.slots[first] ?? -1;
  if (chosen < 0) return undefined;
  if (available[chosen] === true) return chosen;
  if (!fallback) return undefined;
  // The kernel tries one other hash after another, not the neighbouring slots.
  for (let n = 0; n < table.size; n++) {
    const slot = hashWord(key + ((first + n) % table.size), offsetKey) % table.size;
    const other = table.slots[slot] ?? -1;
    if (available[other] === true) return other;
  }
  return undefined;
}

/** Slots that differ, of all: the share of flows that a move from one table to the other breaks. Places are compared by `sameServer`. */
export function shareOfDifference(
  a: MaglevTable,
  b: MaglevTable,
  sameServer: (placeInA: number, placeInB: number) => boolean,
): number {
  let different = 0;
  for (let slot = 0; slot < a.size; slot++) {
    if (!sameServer(a.slots[slot] ?? -1, b.slots[slot] ?? -1)) different++;
  }
  return different / a.size;
}

function fill(
  slots: Int32Array,
  places: readonly number[],
  turns: readonly number[],
  servers: readonly Server[],
): void {
  const size = slots.length;
  const keys = places.map((place) => {
    const server = servers[place];
    return server === undefined ? 0 : sumOf(server.address, server.port);
  });
  const position = Uint32Array.from(keys, (key) => hashWord(key, offsetKey) % size);
  const skip = Uint32Array.from(keys, (key) => (hashWord(key, skipKey) % (size - 1)) + 1);
  for (let filled = 0, i = 0; filled < size; i = (i + 1) % places.length) {
    const place = places[i] ?? 0;
    const step = skip[i] ?? 1;
    let slot = position[i] ?? 0;
    for (let turn = turns[place] ?? 1; turn > 0 && filled < size; turn--, filled++) {
      while ((slots[slot] ?? 0) >= 0) {
        slot += step;
        if (slot >= size) slot -= size;
      }
      slots[slot] = place;
    }
    position[i] = slot;
  }
}

/** How many slots a server takes in its turn. */
function turnsOf(servers: readonly Server[], size: number): number[] {
  const weights = servers.map(({ weight, lastWeight = weight }) => lastWeight);
  const common = weights.reduce((divisor, weight) => greatestCommonDivisor(weight, divisor), 0);
  if (common < 1) return weights.map(() => 0);
  const most = Math.max(...weights) / common;
  // Half the bits of the table's index (12 for 4,093 slots) are what a turn may have.
  const shift = Math.max(0, bitsOf(most) - (bitsOf(size - 1) >> 1));
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(1, (weight / common) >> shift)));
}

const bitsOf = (value: number): number => 32 - Math.clz32(value);

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);
