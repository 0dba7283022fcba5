import { z } from 'zod';
import { familyName, type PerFamily } from '../base/families.ts';
import {
  bitsOf,
  contains,
  type Family,
  familyOf,
  formatAddress,
  formatSubnet,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  subnetSize,
} from '../base/ip.ts';
import { nameLimit, refuseName, refuseTopologyName, topologyNameLimit } from './names.ts';

/** The single values of a topology file, each with words of its own for what is wrong. Messages that begin with "must" get the key in front. */

export const nameField = (description: string) => checkedName(description, refuseName, nameLimit);

export const topologyNameField = (description: string) =>
  checkedName(description, refuseTopologyName, topologyNameLimit);

const checkedName = (description: string, refuse: (name: string) => string | undefined, limit: number) =>
  z
    .string({ error: 'must be a name such as three-tier' })
    .superRefine((name, context) => {
      const message = refuse(name);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ description, pattern: `^[a-z][a-z0-9-]{0,${limit - 1}}$` });

/** A name used to refer to something: whether that is there is checked later, so no rule but "text". */
export const reference = (description: string) => z.string({ error: 'must be a name' }).meta({ description });

export const references = (description: string, example: string) => {
  const error = `must be a list such as [${example}]`;
  return z
    .array(z.string({ error: 'must be a name' }), { error })
    .min(1, { error: `at least one is needed, as in [${example}]` })
    .meta({ description });
};

export const addressField = (description: string) =>
  perFamilyField(description, anAddress, refuseAddress, (text) => {
    const address = parseAddress(text);
    return address === undefined ? text : formatAddress(address);
  });

export const subnetField = (description: string) =>
  perFamilyField(description, aSubnet, refuseSubnet, (text) => {
    const subnet = parseSubnet(text);
    return subnet === undefined ? text : formatSubnet(subnet);
  });

/** One value, or a list of one for each family. @param canonical the text in the form that the rest of the program compares */
function perFamilyField(
  description: string,
  wanted: string,
  refuse: (text: string) => string | undefined,
  canonical: (text: string) => string,
) {
  return z
    .union([z.string(), z.array(z.string()).min(1, { error: wanted }).max(2, { error: wanted })], {
      error: wanted,
    })
    .superRefine((value, context) => {
      const problem = (message: string, at: readonly number[]): void =>
        context.addIssue({ code: 'custom', message, path: [...at] });
      const families = new Set<Family>();
      for (const [i, text] of [value].flat().entries()) {
        const at = typeof value === 'string' ? [] : [i];
        const message = refuse(text);
        const family = familyOf(text);
        if (message !== undefined) problem(message, at);
        else if (families.has(family)) problem(`there is one ${familyName[family]} value already`, at);
        families.add(family);
      }
    })
    .transform((value): PerFamily => (typeof value === 'string' ? canonical(value) : value.map(canonical)))
    .meta({ description: `${description} One value, or a list of one IPv4 and one IPv6 value.` });
}

const anAddress =
  'must be an address such as 198.51.100.1 or 2001:db8:100::1, or a list of one for each family';
const aSubnet = 'must be a subnet such as 10.1.0.0/24 or 2001:db8:1::/64, or a list of one for each family';

function refuseAddress(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return anAddress;
  const { family, value: base } = address;
  const place = specialPlace({ family, base, length: bitsOf(family) });
  return place === undefined ? undefined : `${text} cannot be used: it is ${place}`;
}

function refuseSubnet(text: string): string | undefined {
  const subnet = parseSubnet(text);
  if (subnet === undefined) {
    const [address = '', length = ''] = text.split('/');
    const parsed = parseAddress(address);
    const bits = Number(length);
    if (parsed === undefined || !/^\d{1,3}$/.test(length) || bits > bitsOf(parsed.family)) return aSubnet;
    const { family, value } = parsed;
    const start = value - (value % subnetSize({ family, length: bits }));
    return `${text} is an address in a subnet, not the subnet: that would be ${formatAddress({ family, value: start })}/${bits}`;
  }
  const shortest = subnet.family === 'ipv4' ? 8 : 16;
  if (subnet.length < shortest) return `${text} is too large: at most a /${shortest}`;
  const place = specialPlace(subnet);
  return place === undefined ? undefined : `${text} cannot be used: it is ${place}`;
}

/** Ranges in which no lab can have an address (RFC 6890; 224.0.0.0/4 and up: RFC 5771, RFC 1112; IPv6: RFC 4291). */
const special: readonly (readonly [range: string, what: string])[] = [
  ['0.0.0.0/8', 'in 0.0.0.0/8, "this network"'],
  ['127.0.0.0/8', 'in 127.0.0.0/8, the loopback addresses'],
  ['169.254.0.0/16', 'in 169.254.0.0/16, the link-local addresses'],
  ['224.0.0.0/3', 'a multicast or reserved address (224.0.0.0 and up)'],
  ['::/16', 'in ::/16, with the loopback and the IPv4-mapped addresses'],
  ['fe80::/10', 'in fe80::/10, the link-local addresses'],
  ['ff00::/8', 'in ff00::/8, the multicast addresses'],
];

function specialPlace(subnet: Subnet): string | undefined {
  const first = { family: subnet.family, value: subnet.base };
  return special.find(([range]) => {
    const taken = parseSubnet(range);
    return taken !== undefined && (overlaps(taken, subnet) || contains(taken, first));
  })?.[1];
}
