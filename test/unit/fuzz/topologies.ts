/** Arbitrary topologies that are right, from the kinds' own schemas: what a user may write, however odd. */
import fc, { type Arbitrary } from 'fast-check';
import { stringify } from 'yaml';
import { type Family, formatAddress, leastMtuOfIpv6 } from '../../../src/base/ip.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import { refuseName } from '../../../src/topology/names.ts';
import { accepted } from './values.ts';

export type Entry = Readonly<Record<string, unknown>>;

/** A topology file as data. */
export interface Written {
  readonly name: string;
  readonly services: Readonly<Record<string, Entry>>;
  readonly networks: Readonly<Record<string, Entry>>;
  readonly nodes: Readonly<Record<string, Entry>>;
}

export const asText = (written: unknown): string => stringify(written);

/** Words of BIRD, HAProxy, keepalived, YAML and JavaScript that are names like any other to a user. */
const keywords: readonly string[] = [
  'gw bgp static kernel device protocol filter function rt net bfd direct define table import export',
  'global defaults frontend backend listen server bind mode http tcp stats peers program resolvers',
  'null true yes no off constructor tostring valueof e1 x a-b-c',
  'tl-health tl-kernel drained plumbing run node nodes switch proxy namespaces up-steps',
]
  .flatMap((line) => line.split(' '))
  .concat(Object.keys(kindTable));

/** Taken, where a node of that kind is near. */
const devices = Object.values(kindTable).flatMap(({ devices = [] }) => devices);

const letters = 'abcdefghijklmnopqrstuvwxyz';
const free: Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...letters),
    fc.string({ unit: fc.constantFrom(...letters, ...'0123456789-'), maxLength: 10 }),
  )
  .map((parts) => parts.join(''));

/** Short enough that a number of three digits still fits behind it. */
export const name: Arbitrary<string> = fc
  .oneof({ weight: 3, arbitrary: free }, { weight: 1, arbitrary: fc.constantFrom(...keywords) })
  .filter((text) => text.length <= 11 && refuseName(text) === undefined && !devices.includes(text));

/** No two are alike, and none is what a node of another could be called. */
const names = (count: number): Arbitrary<string[]> =>
  fc.uniqueArray(name, {
    minLength: count,
    maxLength: count,
    selector: (text) => text.replace(/(-\d+)+$/, ''),
  });

interface Form {
  readonly kind: string;
  readonly networks: readonly number[];
  readonly count?: number | undefined;
  readonly to?: number | undefined;
  /** Places of the groups whose routes it reflects. */
  readonly reflects?: readonly number[];
}

const count = (most: number): Arbitrary<number | undefined> =>
  fc.option(fc.integer({ min: 1, max: most }), { nil: undefined });

/**
 * The chain from the clients to the backends: none, one or two layers of routers; none, one or two groups of L4 nodes; L7
 * proxies; backends. Networks: 0 clients, 1 between routers, 2 balancers, 3 backends, 4 at which anybody may be.
 */
const forms: Arbitrary<Form[]> = fc
  .record({
    clients: fc.array(count(3), { minLength: 0, maxLength: 2 }),
    edge: fc.array(count(3), { minLength: 0, maxLength: 2 }),
    routers: fc.array(count(3), { minLength: 1, maxLength: 2 }),
    l4: fc.array(count(3), { minLength: 0, maxLength: 2 }),
    l7: fc.array(count(4), { minLength: 1, maxLength: 2 }),
    web: fc.array(count(4), { minLength: 1, maxLength: 2 }),
    alsoOn: fc.subarray(['client', 'bird', 'ipvs', 'haproxy', 'web']),
    reflectors: fc.array(count(2), { minLength: 0, maxLength: 1 }),
    backwards: fc.boolean(),
  })
  .map(({ clients, edge, routers, l4, l7, web, alsoOn, reflectors, backwards }) => {
    const many = (
      kind: string,
      counts: readonly (number | undefined)[],
      networks: readonly number[],
    ): Form[] =>
      counts.map((count) => ({ kind, count, networks: alsoOn.includes(kind) ? [...networks, 4] : networks }));
    const inner = edge.length > 0 ? 1 : 0;
    const chain = [
      ...many('client', clients, [0]),
      ...many('bird', edge, [0, 1]),
      ...many('bird', routers, [inner, 2]),
      ...many('ipvs', l4, [2]),
      ...many('haproxy', l7, [2, 3]),
      ...many('web', web, [3]),
      ...reflectors.map((count): Form => ({ kind: 'bird', count, networks: [2], reflects: [] })),
    ];
    const all = backwards ? chain.toReversed() : chain;
    const target = (kind: string, i: number): number => {
      const able = all.flatMap((form, at) => (form.kind === kind ? [at] : []));
      return able[i % able.length] ?? 0;
    };
    /** All speakers and routers of its network. */
    const around = ({ networks }: Form): number[] =>
      all.flatMap(({ kind, networks: on, reflects }, at) =>
        kindTable[kind]?.bgp !== 'none' && reflects === undefined && on.includes(networks[0] ?? -1)
          ? [at]
          : [],
      );
    return all.map((form, i) => {
      if (form.reflects !== undefined) return { ...form, reflects: around(form) };
      if (form.kind === 'ipvs') return { ...form, to: target('haproxy', i) };
      if (form.kind === 'haproxy') return { ...form, to: target('web', i) };
      return form;
    });
  });

/** Where addresses begin; ranges are laid out one after another from here. */
const starts = [0x01000000, 0x0a000000, 0x64400000, 0xac100000, 0xc0000200, 0xc6336400, 0xdf000000];

const services = fc.array(
  fc.record({
    port: fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.constantFrom(1, 80, 443, 5432, 65535)),
    protocol: fc.constantFrom('http', 'tcp', undefined),
    sharesVip: fc.boolean(),
    scheduler: fc.constantFrom('mh', 'sh', 'rr', undefined),
  }),
  { minLength: 1, maxLength: 3 },
);

export const topologies: Arbitrary<Written> = fc
  .tuple(forms, services)
  .chain(([forms, services]) =>
    fc.record({
      forms: fc.constant(forms),
      services: fc.constant(services),
      named: names(1 + 5 + forms.length + services.length),
      start: fc.constantFrom(...starts),
      families: fc.constantFrom<Families>(['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']),
      elsewhere: fc.constantFrom<Families>(['ipv4'], ['ipv6'], ['ipv4', 'ipv6']),
      lengths: fc.array(fc.integer({ min: 16, max: 27 }), { minLength: 5, maxLength: 5 }),
      sources: fc.array(fc.option(fc.integer({ min: 20, max: 30 }), { nil: undefined }), {
        minLength: forms.length,
        maxLength: forms.length,
      }),
      mtus: fc.array(fc.option(fc.integer({ min: 576, max: 9216 }), { nil: undefined, freq: 5 }), {
        minLength: 5,
        maxLength: 5,
      }),
      asns: fc.uniqueArray(
        fc
          .oneof(
            fc.constantFrom(1, 65000, 64512, 65534, 4_200_000_001, 4_200_000_003, 4_294_967_294),
            fc.integer({ min: 1, max: 4_294_967_294 }),
          )
          .filter((asn) => asn !== 23_456 && asn !== 65_535),
        { minLength: forms.length, maxLength: forms.length },
      ),
      options: fc.tuple(
        ...forms.map(({ kind }) => accepted(kindTable[kind]?.options.shape ?? {}) ?? fc.constant({})),
      ),
      serves: fc.array(
        fc.subarray(
          services.map((_, i) => i),
          { minLength: 1 },
        ),
        {
          minLength: forms.length,
          maxLength: forms.length,
        },
      ),
    }),
  )
  .map(write);

/** The families of the networks that packets of clients cross, and of the others. */
type Families = readonly Family[];

interface Parts {
  readonly families: Families;
  readonly elsewhere: Families;
  readonly forms: readonly Form[];
  readonly services: readonly {
    port: number;
    protocol: string | undefined;
    sharesVip: boolean;
    scheduler: string | undefined;
  }[];
  readonly named: readonly string[];
  readonly start: number;
  readonly lengths: readonly number[];
  readonly sources: readonly (number | undefined)[];
  readonly mtus: readonly (number | undefined)[];
  readonly asns: readonly number[];
  readonly options: readonly Entry[];
  readonly serves: readonly (readonly number[])[];
}

function write(parts: Parts): Written {
  const { forms, named, lengths, mtus, options } = parts;
  const { families, elsewhere } = parts;
  const takeOf = { ipv4: ranges(parts.start), ipv6: ranges6() };
  /** As many hosts in either family. */
  const take = (length: number, of: Families): unknown => {
    const taken = of.map((family) => takeOf[family](length));
    return taken.length === 1 ? taken[0] : taken;
  };
  const [topology = '', ...others] = named;
  const networkNames = others.slice(0, 5);
  const groupNames = others.slice(5, 5 + forms.length);
  const serviceNames = others.slice(5 + forms.length);
  const used = new Set(forms.flatMap(({ networks }) => networks));
  const networks = networkNames.flatMap((name, i): [string, Entry][] => {
    if (!used.has(i)) return [];
    const of = i < 3 ? families : elsewhere;
    const least = of.includes('ipv6') ? leastMtuOfIpv6 : 0;
    const mtu = mtus[i] === undefined ? undefined : Math.max(least, mtus[i]);
    return [[name, { subnet: take(lengths[i] ?? 24, of), ...given('mtu', mtu) }]];
  });
  const reflector = forms.findIndex(({ reflects }) => reflects !== undefined);
  const nodes = forms.map(({ kind, count, networks: on, to, reflects }, i): [string, Entry] => {
    const traits = kindTable[kind];
    const has = traits?.keys ?? {};
    const everything =
      kind === 'haproxy' ? serviceNames : (parts.serves[i] ?? []).map((at) => serviceNames[at]);
    const prefix = parts.sources[i];
    const asn =
      has.asn === 'required' || prefix !== undefined
        ? parts.asns[forms[reflector]?.reflects?.includes(i) ? reflector : i]
        : undefined;
    return [
      groupNames[i] ?? '',
      {
        kind,
        ...given('count', count),
        networks: on.map((at) => networkNames[at]),
        ...(has.serves === undefined ? {} : { serves: everything }),
        ...(to === undefined ? {} : { to: groupNames[to] }),
        ...(has.asn === undefined ? {} : given('asn', asn)),
        ...given(
          'reflects',
          reflects?.map((at) => groupNames[at]),
        ),
        ...(has.sources === undefined || prefix === undefined ? {} : { sources: take(prefix, families) }),
        ...options[i],
      },
    ];
  });
  let vip: unknown;
  const taken = new Set<string>();
  const written = parts.services.map(({ port, protocol, sharesVip, scheduler }, i): [string, Entry] => {
    if (vip === undefined || !sharesVip || taken.has(`${String(vip)}:${port}`))
      vip = JSON.parse(JSON.stringify(take(32, families)).replaceAll(/\/\d+/g, ''));
    taken.add(`${String(vip)}:${port}`);
    // Where nobody chooses a server, a scheduler is refused.
    const chosen = forms.some(({ kind }, at) => kind === 'ipvs' && parts.serves[at]?.includes(i) === true);
    return [
      serviceNames[i] ?? '',
      { vip, port, ...given('protocol', protocol), ...(chosen ? given('scheduler', scheduler) : {}) },
    ];
  });
  return {
    name: topology,
    services: Object.fromEntries(written),
    networks: Object.fromEntries(networks),
    nodes: Object.fromEntries(nodes),
  };
}

/** @returns a function that gives prefixes of a length, none of which overlaps another */
function ranges(start: number): (length: number) => string {
  let next = start;
  return (length) => {
    const size = 2 ** (32 - length);
    const base = Math.ceil(next / size) * size;
    next = base + size;
    return `${formatAddress({ family: 'ipv4', value: BigInt(base) })}/${length}`;
  };
}

/** Of IPv6, with as many hosts as an IPv4 prefix of that length. */
function ranges6(): (length: number) => string {
  let next = 1n;
  return (length) =>
    `${formatAddress({ family: 'ipv6', value: (0x2001_0db8n << 96n) + (next++ << 64n) })}/${length + 96}`;
}

const given = (key: string, value: unknown): Entry => (value === undefined ? {} : { [key]: value });
