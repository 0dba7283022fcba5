/**
 * The keyed hash behind IPVS's Maglev table: what Linux calls hsiphash, of one 32-bit word. On 64-bit kernels that is
 * SipHash-1-3 (one round a word, three to finish), of which the low 32 bits count; on 32-bit ones it is another function
 * (Linux lib/siphash.c; the algorithm: Aumasson and Bernstein, "SipHash: a fast short-input PRF").
 *
 * 64-bit words are pairs of 32-bit numbers here: BigInt is far slower.
 */

/** The two keys of the table: each is this number in both halves (Linux net/netfilter/ipvs/ip_vs_mh.c). */
export const offsetKey = 2_654_435_761;
export const skipKey = 2_654_446_892;

/**
 * @param word 32 bits
 * @param key 32 bits: the value of both 64-bit halves of the key
 * @returns 0 … 2³²−1
 */
export function hashWord(word: number, key: number): number {
  // The initial state spells "somepseudorandomlygeneratedbytes".
  let ah = 0x736f6d65;
  let al = 0x70736575 ^ key;
  let bh = 0x646f7261;
  let bl = 0x6e646f6d ^ key;
  let ch = 0x6c796765;
  let cl = 0x6e657261 ^ key;
  let dh = 0x74656462 ^ lengthByte;
  let dl = 0x79746573 ^ key ^ word;
  for (let round = 0; round < 4; round++) {
    if (round === 1) {
      ah ^= lengthByte;
      al ^= word;
      cl ^= 0xff;
    }
    let t = bh;
    al = (al + bl) | 0;
    ah = (ah + bh + (al >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
    bh = ((t << 13) | (bl >>> 19)) ^ ah;
    bl = ((bl << 13) | (t >>> 19)) ^ al;
    t = ah;
    ah = al;
    al = t;

    t = dh;
    cl = (cl + dl) | 0;
    ch = (ch + dh + (cl >>> 0 < dl >>> 0 ? 1 : 0)) | 0;
    dh = ((t << 16) | (dl >>> 16)) ^ ch;
    dl = ((dl << 16) | (t >>> 16)) ^ cl;

    t = dh;
    al = (al + dl) | 0;
    ah = (ah + dh + (al >>> 0 < dl >>> 0 ? 1 : 0)) | 0;
    dh = ((t << 21) | (dl >>> 11)) ^ ah;
    dl = ((dl << 21) | (t >>> 11)) ^ al;

    t = bh;
    cl = (cl + bl) | 0;
    ch = (ch + bh + (cl >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
    bh = ((t << 17) | (bl >>> 15)) ^ ch;
    bl = ((bl << 17) | (t >>> 15)) ^ cl;
    t = ch;
    ch = cl;
    cl = t;
  }
  return (al ^ bl ^ cl ^ dl) >>> 0;
}

/** The message's length in bytes, 4, is the top byte of the last 64-bit word; its low half is the message. */
const lengthByte = 4 << 24;
