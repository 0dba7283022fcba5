import { type Family, familyOf } from '../base/ip.ts';

/**
 * A gauge of each node: the largest of its addresses' values (`way.l4-1`), and for one with addresses of both families also that of each
 * (`way4.l4-1`, `way6.l4-1`): else what is lost in one of them would not be seen. And of how many nodes it is above 0.
 */
export function byFamily(
  measure: string,
  ends: readonly { readonly node: string; readonly address: string; readonly value: number }[],
): { readonly values: Readonly<Record<string, number>>; readonly nodes: number } {
  const found: Record<string, number> = {};
  const both = new Set(
    ends
      .filter(({ node, address }) =>
        ends.some((end) => end.node === node && familyOf(end.address) !== familyOf(address)),
      )
      .map(({ node }) => node),
  );
  for (const { node, address, value } of ends) {
    const names = [measure, ...(both.has(node) ? [`${measure}${digits[familyOf(address)]}`] : [])];
    for (const name of names) found[`${name}.${node}`] = Math.max(value, found[`${name}.${node}`] ?? 0);
  }
  return {
    values: found,
    nodes: new Set(ends.filter(({ value }) => value > 0).map(({ node }) => node)).size,
  };
}

const digits: Readonly<Record<Family, string>> = { ipv4: '4', ipv6: '6' };
