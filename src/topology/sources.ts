import { bitsOf, formatSubnet, parseSubnet, subnetSize } from '../base/ip.ts';

/**
 * Shares a prefix out among `count` nodes, in equal parts: all of it for one node, halves for two, quarters for three.
 * @returns the parts in order; fewer than `count` if the prefix is too small
 */
export function shares(prefix: string, count: number): string[] {
  const whole = parseSubnet(prefix);
  if (whole === undefined) return [];
  const length = whole.length + Math.ceil(Math.log2(count));
  const { family } = whole;
  if (length > bitsOf(family)) return [];
  const size = subnetSize({ family, length });
  return Array.from({ length: count }, (_, i) =>
    formatSubnet({ family, base: whole.base + BigInt(i) * size, length }),
  );
}
