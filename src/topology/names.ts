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

/** A topology's name is that of its lab: a folder and a column of tables carry it, no interface. */
export const topologyNameLimit = 40;

/** @returns why that cannot be a name of what interfaces may be called after, or undefined if it can */
export function refuseName(name: string): string | undefined {
  const malformed = refuseForm(name);
  if (malformed !== undefined) return malformed;
  if (name.length > nameLimit)
    return `${quote(name)} is too long for a name: ${name.length} characters, where Linux allows ${nameLimit} for an interface`;
  const owner = reserved.find(([, words]) => words.has(name))?.[0];
  return owner === undefined ? undefined : `${quote(name)} cannot be a name: it is ${owner}`;
}

/** @returns why that cannot be the name of a topology, or undefined if it can */
export function refuseTopologyName(name: string): string | undefined {
  const malformed = refuseForm(name);
  if (malformed !== undefined || name.length <= topologyNameLimit) return malformed;
  return `${quote(name)} is too long for the name of a topology: ${name.length} characters, at most ${topologyNameLimit} are allowed`;
}

function refuseForm(name: string): string | undefined {
  if (!/^[a-z][a-z0-9-]*$/.test(name))
    return `${quote(name)} cannot be a name: names begin with a small letter and go on with small letters, digits and "-"`;
  return name.endsWith('-') ? `${quote(name)} cannot be a name: it ends with "-"` : undefined;
}

const quote = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}…` : name);

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
