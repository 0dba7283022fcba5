/** IPv4 arithmetic on plain numbers (0 … 2³²−1). */

/** An IPv4 prefix. `base` is the network address as a number. */
export interface Subnet {
  readonly base: number;
  readonly length: number;
}

/** @returns the address as a number, or undefined if the text is no dotted quad. */
export function parseAddress(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return value;
}

export function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

/** @returns the prefix, or undefined if the text is none or has bits set below its length. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0 || !/^(0|[1-9]\d?)$/.test(length))
    return undefined;
  const base = parseAddress(address);
  const bits = Number(length);
  if (base === undefined || bits > 32 || base % sizeOf(bits) !== 0) return undefined;
  return { base, length: bits };
}

export function formatSubnet({ base, length }: Subnet): string {
  return `${formatAddress(base)}/${length}`;
}

/** Number of addresses in the prefix, network and broadcast included. */
export function subnetSize({ length }: Subnet): number {
  return sizeOf(length);
}

/** Addresses that hosts can have: without network and broadcast address, except in a /31 and a /32. */
export function usableHosts(subnet: Subnet): number {
  return subnet.length >= 31 ? subnetSize(subnet) : subnetSize(subnet) - 2;
}

/** The nth usable host address, counted from 0. */
export function hostAddress(subnet: Subnet, n: number): number {
  return subnet.base + n + (subnet.length >= 31 ? 0 : 1);
}

export function contains(subnet: Subnet, address: number): boolean {
  return address >= subnet.base && address < subnet.base + subnetSize(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return contains(a, b.base) || contains(b, a.base);
}

const sizeOf = (length: number): number => 2 ** (32 - length);
