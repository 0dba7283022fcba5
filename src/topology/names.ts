import type { NodeGroup } from './types.ts';

/** Linux: IFNAMSIZ is 16 with its final NUL (include/uapi/linux/if.h). Networks name interfaces, nodes name ports. */
export const nameLimit = 15;

/** The names of a group's nodes: `l4-1`, `l4-2`; the group's own where no count was written. */
export function nodeNames({
  name,
  count,
  numbered,
}: Pick<NodeGroup, 'name' | 'count' | 'numbered'>): string[] {
  return numbered ? Array.from({ length: count }, (_, i) => `${name}-${i + 1}`) : [name];
}

/** @returns why that cannot be a name, or undefined if it can */
export function refuseName(name: string): string | undefined {
  const quoted = JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}…` : name);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    return `${quoted} cannot be a name: names begin with a small letter and go on with small letters, digits and "-"`;
  }
  if (name.endsWith('-')) return `${quoted} cannot be a name: it ends with "-"`;
  if (name.length > nameLimit)
    return `${quoted} is too long for a name: ${name.length} characters, where Linux allows ${nameLimit} for an interface`;
  const owner = reserved.find(([, words]) => words.has(name))?.[0];
  return owner === undefined ? undefined : `${quoted} cannot be a name: it is ${owner}`;
}

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const reserved: readonly (readonly [owner: string, words: ReadonlySet<string>])[] = [
  // Words that `ip` reads as a keyword where a device may stand (ip-link(8), ip-address(8), ip-route(8)).
  [
    'a keyword of the ip command',
    words(`up down dev via link name type peer broadcast local remote scope label master nomaster netns address addr
      mtu alias group txqueuelen on off arp multicast promisc table proto protocol metric src from to add del delete
      change replace set show list get flush save restore help dynamic permanent any default all help index vf
      nexthop weight onlink encap expires pref tos dsfield mark iif oif preference blackhole unreachable prohibit
      unicast anycast nat throw each`),
  ],
  // Devices that are in every namespace or appear in it with a module, and directories of /proc/sys/net/ipv4/conf.
  [
    'an interface of Linux itself',
    words('lo br0 tunl0 gre0 gretap0 erspan0 ip6tnl0 ip6gre0 sit0 dummy0 bond0 ifb0 ifb1 teql0'),
  ],
];
