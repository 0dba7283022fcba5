import { z } from 'zod';
import {
  contains,
  formatAddress,
  overlaps,
  parseAddress,
  parseSubnet,
  type Subnet,
  subnetSize,
} from '../base/ip.ts';
import { refuseName } from './names.ts';

/** The single values of a topology file, each with words of its own for what is wrong. Messages that begin with "must" get the key in front. */

export const nameField = (description: string) =>
  z
    .string({ error: 'must be a name such as three-tier' })
    .superRefine((name, context) => {
      const message = refuseName(name);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ description, pattern: '^[a-z][a-z0-9-]{0,14}$' });

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
  z
    .string({ error: 'must be an IPv4 address such as 198.51.100.1' })
    .superRefine((text, context) => {
      const address = parseAddress(text);
      const place = address === undefined ? undefined : specialPlace({ base: address, length: 32 });
      if (address === undefined)
        context.addIssue({ code: 'custom', message: 'must be an IPv4 address such as 198.51.100.1' });
      else if (place !== undefined)
        context.addIssue({ code: 'custom', message: `${text} cannot be used: it is ${place}` });
    })
    .meta({ description, format: 'ipv4' });

export const subnetField = (description: string) =>
  z
    .string({ error: 'must be an IPv4 subnet such as 10.1.0.0/24' })
    .superRefine((text, context) => {
      const message = refuseSubnet(text);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ description, pattern: String.raw`^\d+\.\d+\.\d+\.\d+/\d+$` });

function refuseSubnet(text: string): string | undefined {
  const subnet = parseSubnet(text);
  if (subnet === undefined) {
    const [address, length] = text.split('/');
    const base = parseAddress(address ?? '');
    const bits = Number(length);
    if (base === undefined || !/^\d{1,2}$/.test(length ?? '') || bits > 32)
      return 'must be an IPv4 subnet such as 10.1.0.0/24';
    const start = base - (base % subnetSize({ base, length: bits }));
    return `${text} is an address in a subnet, not the subnet: that would be ${formatAddress(start)}/${bits}`;
  }
  if (subnet.length < 8) return `${text} is too large: at most a /8`;
  const place = specialPlace(subnet);
  return place === undefined ? undefined : `${text} cannot be used: it is ${place}`;
}

/** Ranges in which no lab can have an address (RFC 6890; 224.0.0.0/4 and up: RFC 5771, RFC 1112). */
const special: readonly (readonly [range: string, what: string])[] = [
  ['0.0.0.0/8', 'in 0.0.0.0/8, "this network"'],
  ['127.0.0.0/8', 'in 127.0.0.0/8, the loopback addresses'],
  ['169.254.0.0/16', 'in 169.254.0.0/16, the link-local addresses'],
  ['224.0.0.0/3', 'a multicast or reserved address (224.0.0.0 and up)'],
];

function specialPlace(subnet: Subnet): string | undefined {
  return special.find(([range]) => {
    const taken = parseSubnet(range);
    return taken !== undefined && (overlaps(taken, subnet) || contains(taken, subnet.base));
  })?.[1];
}
