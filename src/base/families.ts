/** Things of which there may be one in each family of addresses. */
import { type Family, familyOf } from './ip.ts';

/** An address or prefix, or one of each family; the first is meant where only one can be. */
export type PerFamily = string | readonly string[];

/** All of them, in their order. */
export const eachOf = (value: PerFamily | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

/** One as itself, several as a list; undefined for none. */
export const perFamily = (values: readonly string[]): PerFamily | undefined =>
  values.length > 1 ? values : values[0];

/** The one of that family. */
export const inFamily = (value: PerFamily | undefined, family: Family): string | undefined =>
  eachOf(value).find((text) => familyOf(text) === family);

/** As it stands in sentences and tables. */
export const listed = (value: PerFamily): string => eachOf(value).join(', ');

/** For people. */
export const familyName: Readonly<Record<Family, string>> = { ipv4: 'IPv4', ipv6: 'IPv6' };

interface Addressed {
  readonly address: string;
  readonly prefixLength: number;
}

/** The addresses of an interface, of each family one. */
export const addressesOf = ({
  address,
  prefixLength,
  other,
}: Addressed & { readonly other?: Addressed }): readonly Addressed[] => [
  { address, prefixLength },
  ...(other === undefined ? [] : [other]),
];

interface Connected {
  readonly interfaces: readonly (Addressed & { readonly other?: Addressed })[];
}

/** Has the node an interface of that family? */
export const speaks = ({ interfaces }: Connected, family: Family): boolean =>
  interfaces.some((each) => addressesOf(each).some(({ address }) => familyOf(address) === family));

/** The families of a node's interfaces, IPv4 first. */
export const familiesOf = (node: Connected): readonly Family[] =>
  (['ipv4', 'ipv6'] as const).filter((family) => speaks(node, family));

/** Those of the same family as that address. */
export const matching = <T extends { readonly address: string }>(
  list: readonly T[],
  address: string,
): readonly T[] => list.filter((each) => familyOf(each.address) === familyOf(address));
