/** What the rest of the program knows of topologies: plain data, no behaviour. */
import type { z } from 'zod';
import type { PerFamily } from '../base/families.ts';
import type { Family } from '../base/ip.ts';

export type Protocol = 'http' | 'tcp';

/** How an L4 node chooses a server for a flow. `mh` and `sh` choose alike on every node, `rr` does not. */
export type Scheduler = 'mh' | 'sh' | 'rr';

/** An address that clients use: VIP + port + protocol. A service with VIPs of both families is there twice, under one name. */
export interface Service {
  readonly name: string;
  readonly vip: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Default: that of the L4 nodes. */
  readonly scheduler?: Scheduler;
}

interface Network {
  readonly name: string;
  readonly subnet: PerFamily;
  readonly mtu?: number;
}

/** One entry under `nodes`: `count` nodes alike. */
export interface NodeGroup {
  readonly name: string;
  readonly kind: string;
  readonly count: number;
  /** Whether its nodes have numbers (`l4-1`): yes as soon as a count was written, even 1. */
  readonly numbered: boolean;
  readonly networks: readonly string[];
  readonly serves: readonly string[];
  /** Group that a balancer passes its services on to. */
  readonly to?: string;
  readonly asn?: number;
  /** Groups whose BGP routes it reflects. */
  readonly reflects?: readonly string[];
  /** Prefix of addresses of its own on its loopback: a client's many source addresses. */
  readonly sources?: PerFamily;
  /** The kind's own keys, validated and with defaults filled in by its schema. */
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Topology {
  readonly name: string;
  readonly file: string;
  readonly services: readonly Service[];
  readonly networks: readonly Network[];
  readonly nodes: readonly NodeGroup[];
}

/**
 * What a kind tells the topology stage about itself, so that loading and planning stay free of kinds.
 * (The rest of a kind's contract is in kinds/contract.ts.)
 */
export interface KindTraits {
  readonly name: string;
  /** One line for `tierlab plan` and error messages. */
  readonly summary: string;
  /** Schema of the kind's own keys in a topology file. Every key has a default or is optional. */
  readonly options: z.ZodObject;
  /** Common keys that the kind needs or can have. Others are refused. */
  readonly keys: Readonly<
    Partial<Record<'serves' | 'to' | 'asn' | 'sources' | 'reflects', 'required' | 'optional'>>
  >;
  /** `router`: has BGP sessions with every speaker on its networks that is not of its own group. `speaker`: only with routers. */
  readonly bgp: 'router' | 'speaker' | 'none';
  /** Kinds that `to` may name; empty: any. */
  readonly passesTo?: readonly string[];
  /** Bytes that it adds to each packet on the way to its `to` group (20 for IPIP over IPv4). */
  readonly tunnelOverhead?: (options: Readonly<Record<string, unknown>>, family: Family) => number;
  /** It passes packets on, not connections: an IPv6 packet needs an IPv6 address of the target. */
  readonly keepsFamily?: boolean;
  /** How long a node of its `to` group that has died without a word is still used, at least and at most: milliseconds. */
  readonly ejection?: (options: Readonly<Record<string, unknown>>) => readonly [least: number, most: number];
  /** Does what it passes a flow to follow from a hash over its `to` group, so that the order of that group matters to some flows? */
  readonly hashes?: (
    options: Readonly<Record<string, unknown>>,
    service: Pick<Service, 'scheduler'>,
  ) => boolean;
  /** What its nodes can be asked for while they run, by name; a name may end in `.<node>`. */
  readonly measures?: Measures;
  /** Its nodes can be drained: taken out of service so that nobody notices. */
  readonly drains?: boolean;
  /** What a node does by itself all the time. */
  readonly upkeep?: (node: PlannedNode, nodes: ReadonlyMap<string, PlannedNode>) => readonly Upkeep[];
  /** Links that it makes in its nodes beside those to their networks, which therefore cannot have such a name. */
  readonly devices?: readonly string[];
  /** Made by the plan for every network; not to be written in a topology file. */
  readonly internal?: boolean;
}

/** Something that goes on without any traffic. */
export interface Upkeep {
  readonly what: 'BFD packets' | 'health checks';
  readonly perSecond: number;
  /** Time of a guest's processor for each, on all sides together. */
  readonly msEach: number;
  /** Option of the kind by which it becomes less. */
  readonly key: string;
}

/** A `gauge` is what is so now, a `counter` only grows (and begins anew with the daemon that counts). */
interface MeasureTraits {
  readonly type: 'gauge' | 'counter';
  /** One line, for the documentation. */
  readonly meaning: string;
}

export type Measures = Readonly<Record<string, MeasureTraits>>;

export type KindTable = Readonly<Record<string, KindTraits>>;

/** One end of a cable. The other end is a port, named after the node, on the network's switch. */
export interface Interface {
  /** In the node: named after the network (≤ 15 characters). */
  readonly name: string;
  readonly network: string;
  readonly mac: string;
  readonly address: string;
  readonly prefixLength: number;
  /** The address of the other family, where the network has both: the same place among the network's hosts. */
  readonly other?: { readonly address: string; readonly prefixLength: number };
  readonly mtu: number;
}

/** A node on a network of one's own, which packets may be sent on to. */
export interface Neighbour {
  readonly node: string;
  readonly kind: string;
  /** Group of the neighbour. */
  readonly group: string;
  readonly interface: string;
  readonly localAddress: string;
  readonly address: string;
}

/** A BGP session as one side sees it. */
export interface BgpPeer extends Neighbour {
  readonly asn: number;
  /** In a session inside one AS: what the peer is to this node. A reflector is never a next hop, and has none. */
  readonly role?: 'reflector' | 'client';
}

export interface PlannedNode {
  /** It came when the lab was up already. */
  readonly joined?: true;
  /** `l4-1`, or `client` where the group has a count of 1 that was not written. */
  readonly name: string;
  readonly group: string;
  /** From 1, in its group. */
  readonly index: number;
  readonly kind: string;
  /** Distance from the clients along the chain: 0 clients, then 1, 2, …; undefined for switches. */
  readonly tier?: number;
  readonly interfaces: readonly Interface[];
  /** Prefix that is local to the node (a client's sources). */
  readonly sources?: PerFamily;
  readonly asn?: number;
  readonly routerId?: string;
  readonly peers: readonly BgpPeer[];
  /** Neighbours with whom it has no session, because reflectors tell the one of the other. */
  readonly reflected?: readonly Neighbour[];
  /** Static routes: prefix (or `default`) via an address on one of its networks. */
  readonly routes: readonly { readonly to: string; readonly via: string; readonly interface: string }[];
  /** fib_multipath_hash_fields of this node: each router has a mapping of its own. */
  readonly hashFields: number;
  readonly services: readonly Service[];
  /** It is where the chain begins behind the routers: it announces the VIPs of its services to them. */
  readonly announces: boolean;
  /** Nodes of the `to` group, in the one order in which every balancer adds them, with the address used to reach each: those of one family, then those of the other. */
  readonly targets: readonly { readonly node: string; readonly address: string }[];
  /** Balancers whose `to` group this node is in, with the address they send from. */
  readonly senders: readonly { readonly node: string; readonly kind: string; readonly address: string }[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface PlannedNetwork {
  readonly name: string;
  readonly subnet: PerFamily;
  readonly mtu: number;
  readonly members: readonly { readonly node: string; readonly interface: string; readonly mac: string }[];
}

/** Everything that a lab is, before anything exists. Deterministic: the same topology gives the same plan. */
export interface Plan {
  readonly name: string;
  readonly services: readonly Service[];
  readonly networks: readonly PlannedNetwork[];
  /** In file order; groups expanded. Switches are not among them: each network has one, in a namespace of its own. */
  readonly nodes: readonly PlannedNode[];
}
