import { z } from 'zod';
import type { PerFamily } from '../base/families.ts';
import { addressField, nameField, reference, references, subnetField, topologyNameField } from './fields.ts';
import type { KindTable, KindTraits, Protocol, Scheduler } from './types.ts';

/** A topology file as written, its shape checked and the kinds' defaults filled in; references are not yet looked up. */
export interface TopologyFile {
  readonly name: string;
  readonly services: Readonly<
    Record<
      string,
      {
        readonly vip: PerFamily;
        readonly port: number;
        readonly protocol: Protocol;
        readonly scheduler?: Scheduler | undefined;
      }
    >
  >;
  readonly networks: Readonly<
    Record<string, { readonly subnet: PerFamily; readonly mtu?: number | undefined }>
  >;
  readonly nodes: Readonly<Record<string, NodeEntry>>;
}

export interface NodeEntry {
  readonly kind: string;
  readonly count?: number | undefined;
  readonly networks: readonly string[];
  readonly serves?: readonly string[] | undefined;
  readonly to?: string | undefined;
  readonly asn?: number | undefined;
  readonly reflects?: readonly string[] | undefined;
  readonly sources?: PerFamily | undefined;
  /** The kind's own keys. */
  readonly [option: string]: unknown;
}

/** Keys that mean the same in every kind. All others are the kind's own. */
export const commonKeys = [
  'kind',
  'count',
  'networks',
  'serves',
  'to',
  'asn',
  'reflects',
  'sources',
] as const;

/** The one definition of a topology file: it validates, and editors get their JSON Schema from it. */
export function topologySchema(kinds: KindTable): z.ZodType<TopologyFile> {
  const entries = writtenKinds(kinds).map(nodeSchema);
  const [first, ...others] = entries;
  if (first === undefined) throw new Error('a topology needs at least one kind');
  return z
    .strictObject(
      {
        name: topologyNameField('Name of the topology: lab and run folders carry it.'),
        services: z
          .record(nameField('Name of the service.'), serviceSchema, {
            error: 'must be a map from names to services',
          })
          .default({})
          .meta({ description: 'What clients can reach: each service is a VIP, a port and a protocol.' }),
        networks: z
          .record(nameField('Name of the network; interfaces on it are named after it.'), networkSchema, {
            error: 'must be a map from names to networks',
          })
          .refine(atLeastOne, { error: 'at least one is needed' })
          .meta({
            description:
              'Layer-2 networks. Addresses are handed out from the subnet in the order of the file.',
          }),
        nodes: z
          .record(
            nameField('Name of the node, or of the group of nodes.'),
            z.discriminatedUnion('kind', [first, ...others], {
              error: 'must be a map with a kind and its keys',
            }),
            {
              error: 'must be a map from names to nodes',
            },
          )
          .refine(atLeastOne, { error: 'at least one is needed' })
          .meta({ description: 'Nodes, each with its kind and the networks it is on.' }),
      },
      { error: 'must be a map with name, services, networks and nodes' },
    )
    .meta({
      title: 'tierlab topology',
      description: 'A multi-tier load balancer as a lab of network namespaces.',
    }) as unknown as z.ZodType<TopologyFile>;
}

/** JSON Schema (draft 2020-12) of a topology file, for editors. */
export function topologyJsonSchema(kinds: KindTable): unknown {
  return z.toJSONSchema(topologySchema(kinds), { io: 'input', unrepresentable: 'any' });
}

/** The kinds that a file may name. */
export const writtenKinds = (kinds: KindTable): KindTraits[] =>
  Object.values(kinds).filter(({ internal }) => internal !== true);

const atLeastOne = (map: object): boolean => Object.keys(map).length > 0;

const serviceSchema = z.strictObject(
  {
    vip: addressField('Virtual address that clients use. It lies in none of the subnets.'),
    port: z.int().min(1).max(65535).meta({ description: 'TCP port.' }),
    protocol: z.enum(['http', 'tcp']).default('http').meta({ description: 'How the L7 tier treats it.' }),
    scheduler: z
      .enum(['mh', 'sh', 'rr'])
      .optional()
      .meta({ description: 'How the L4 tier chooses a server for it. Default: as the L4 nodes say.' }),
  },
  { error: 'must be a map such as {vip: 198.51.100.1, port: 80, protocol: http}' },
);

const networkSchema = z.strictObject(
  {
    subnet: subnetField('Prefix of the network.'),
    // 576: what every IPv4 host must take (RFC 791); 9216: the usual jumbo frame.
    mtu: z.int().min(576).max(9216).optional().meta({
      description:
        'Bytes of the largest packet. Default: 1500, and room for the tunnels that cross the network.',
    }),
  },
  { error: 'must be a map such as {subnet: 10.1.0.0/24}' },
);

function nodeSchema({ name, summary, keys, options }: KindTraits) {
  const has = <S extends z.ZodType>(key: keyof KindTraits['keys'], schema: S) => {
    const need = keys[key];
    return need === undefined ? {} : { [key]: need === 'required' ? schema : schema.optional() };
  };
  return z.strictObject({
    kind: z.literal(name).meta({ description: summary }),
    count: z.int().min(1).max(1000).optional().meta({
      description:
        'How many nodes alike: they are called name-1, name-2, … Without it there is one, called by the name alone.',
    }),
    networks: references('Networks the node has an interface on.', 'fabric').meta({
      description: 'Networks the node has an interface on.',
    }),
    ...has('serves', references('Services the node takes part in.', 'web')),
    ...has('to', reference('Group of nodes that it passes its services on to.')),
    // RFC 7607, RFC 4893, RFC 7300: 0, 23456, 65535 and the last of all are reserved.
    ...has(
      'asn',
      z
        .int()
        .min(1)
        .max(4_294_967_294)
        .refine((asn) => asn !== 23_456 && asn !== 65_535, {
          error: '23456 and 65535 are reserved',
        })
        .meta({
          description: `Number of its autonomous system, from 1 to 4294967294, the same for all nodes of the group.${keys.asn === 'required' ? '' : ' Default: that of its reflectors, else a private one for each group.'}`,
        }),
    ),
    ...has(
      'reflects',
      references(
        'Groups on its network between which it passes BGP routes on, as a route reflector: they have sessions with it alone.',
        'r, l4',
      ),
    ),
    ...has('sources', subnetField('Prefix of addresses of its own, from which it opens connections.')),
    ...options.shape,
  });
}
