/** A seeded source of randomness: the same seed gives the same lab, addresses, ports and arrival times. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, below). */
  integer(below: number): number;
}

/**
 * mulberry32 (public domain, Tommy Ettinger): 32 bits of state are plenty for choosing ports, and the same
 * sequence can be had anywhere. `stream` keeps the choices of one purpose apart from those of another.
 */
export function seeded(seed: number, stream = ''): Random {
  let state = hash(`${seed}:${stream}`);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, integer: (below) => Math.floor(next() * below) };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
