/** IPv4 and IPv6 arithmetic. An address is a number with its family; as text it is in the one form that kernels and daemons print. */

export type Family = 'ipv4' | 'ipv6';

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** A prefix. `base` is the network address as a number. */
export interface Subnet {
  readonly family: Family;
  readonly base: bigint;
  readonly length: number;
}

/** The family of an address or prefix in text. */
export const familyOf = (text: string): Family => (text.includes(':') ? 'ipv6' : 'ipv4');

/** Bits of an address. */
export const bitsOf = (family: Family): number => (family === 'ipv4' ? 32 : 128);

/** @returns the address, or undefined if the text is neither a dotted quad nor hexadecimal groups (RFC 4291 2.2, forms 1 and 2) */
export function parseAddress(text: string): Address | undefined {
  const family = familyOf(text);
  const value = family === 'ipv4' ? parseQuad(text) : parseGroups(text);
  return value === undefined ? undefined : { family, value: BigInt(value) };
}

export function formatAddress({ family, value }: Address): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  return compressed(groups);
}

/** Address and port as one word: brackets around an IPv6 address (RFC 3986 3.2.2). */
export const endpoint = (address: string, port: number | string): string =>
  familyOf(address) === 'ipv4' ? `${address}:${port}` : `[${address}]:${port}`;

/** The other way round. @returns undefined if the text is none */
export function parseEndpoint(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, address = '', port = ''] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text) ?? [];
  return parseAddress(address) === undefined ? undefined : { address, port: Number(port) };
}

/** The least MTU of a link that carries IPv6 (RFC 8200, 5). Linux takes the addresses away from one that is smaller. */
export const leastMtuOfIpv6 = 1280;

/** The prefix of an address alone. */
export const hostPrefix = (address: string): string => `${address}/${bitsOf(familyOf(address))}`;

/** For sorting: by family, then by number. What is no address comes first. */
export function compareAddresses(a: string, b: string): number {
  const [one, other] = [parseAddress(a), parseAddress(b)];
  if (one === undefined || other === undefined)
    return Number(one !== undefined) - Number(other !== undefined);
  return one.family.localeCompare(other.family) || compare(one.value, other.value);
}

/** @returns the prefix, or undefined if the text is none or has bits set below its length. */
export function parseSubnet(text: string): Subnet | undefined {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0 || !/^(0|[1-9]\d{0,2})$/.test(length))
    return undefined;
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  const { family, value: base } = parsed;
  const subnet = { family, base, length: Number(length) };
  return subnet.length <= bitsOf(family) && base % subnetSize(subnet) === 0n ? subnet : undefined;
}

export function formatSubnet({ family, base, length }: Subnet): string {
  return `${formatAddress({ family, value: base })}/${length}`;
}

/** Number of addresses in the prefix, network and broadcast included. */
export function subnetSize({ family, length }: Pick<Subnet, 'family' | 'length'>): bigint {
  return 1n << BigInt(bitsOf(family) - length);
}

/**
 * Addresses that hosts can have: without the first (network address, subnet-router anycast address: RFC 4291 2.6.1) and IPv4's
 * last (broadcast), except in a prefix of one or two addresses. At most 2⁵³ − 1.
 */
export function usableHosts(subnet: Pick<Subnet, 'family' | 'length'>): number {
  const size = subnetSize(subnet);
  const usable = size <= 2n ? size : size - (subnet.family === 'ipv4' ? 2n : 1n);
  return usable > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(usable);
}

/** The nth usable host address, counted from 0. */
export function hostAddress(subnet: Subnet, n: number): Address {
  const first = subnetSize(subnet) <= 2n ? 0n : 1n;
  return { family: subnet.family, value: subnet.base + first + BigInt(n) };
}

export function contains(subnet: Subnet, { family, value }: Address): boolean {
  return family === subnet.family && value >= subnet.base && value < subnet.base + subnetSize(subnet);
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return contains(a, { family: b.family, value: b.base }) || contains(b, { family: a.family, value: a.base });
}

export const compare = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** An IPv4 address as a number. */
export function parseQuad(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  if (parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

function parseGroups(text: string): bigint | undefined {
  const halves = text.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = halves;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length > 2 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

/** RFC 5952 4.2: the longest run of zeros, the first of several, and never a single one. */
function compressed(groups: readonly string[]): string {
  const text = groups.join(':');
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  const [longest] = runs;
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
