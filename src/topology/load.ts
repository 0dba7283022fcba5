import { InputError } from '../base/errors.ts';
import { eachOf } from '../base/families.ts';
import { crossCheck } from './cross-check.ts';
import type { YamlDocument } from './document.ts';
import { readDocument } from './read-document.ts';
import { commonKeys, type NodeEntry, type TopologyFile, topologySchema } from './schema.ts';
import type { KindTable, NodeGroup, Topology } from './types.ts';
import { validate } from './validate.ts';
import { topologyWording } from './wording.ts';

/**
 * Reads a topology file and checks it in two stages: its shape, then everything that refers to something else.
 * @throws InputError with all problems of the stage that found some
 */
export async function loadTopology(file: string, kinds: KindTable): Promise<Topology> {
  return topologyOf(await readDocument(file), kinds);
}

/** The same from a document that was read already. */
export function topologyOf(document: YamlDocument, kinds: KindTable): Topology {
  const { value: written, problems } = validate(document, topologySchema(kinds), topologyWording(kinds));
  if (written === undefined) throw new InputError(problems);
  const topology = build(document.file, written);
  const further = crossCheck(topology, kinds, document.locate);
  if (further.length > 0) throw new InputError(further);
  return topology;
}

function build(file: string, { name, services, networks, nodes }: TopologyFile): Topology {
  return {
    name,
    file,
    services: Object.entries(services).flatMap(([name, { vip, port, protocol, scheduler }]) =>
      eachOf(vip).map((each) => ({ name, vip: each, port, protocol, ...given('scheduler', scheduler) })),
    ),
    networks: Object.entries(networks).map(([name, { subnet, mtu }]) => ({
      name,
      subnet,
      ...given('mtu', mtu),
    })),
    nodes: Object.entries(nodes).map(([name, entry]) => group(name, entry)),
  };
}

function group(name: string, entry: NodeEntry): NodeGroup {
  const { kind, count, networks, serves, to, asn, reflects, sources } = entry;
  const options = Object.fromEntries(
    Object.entries(entry).filter(([key]) => !(commonKeys as readonly string[]).includes(key)),
  );
  return {
    name,
    kind,
    count: count ?? 1,
    numbered: count !== undefined,
    networks,
    serves: serves ?? [],
    ...given('to', to),
    ...given('asn', asn),
    ...given('reflects', reflects),
    ...given('sources', sources),
    options,
  };
}

/** The key with its value, or no key at all (exactOptionalPropertyTypes). */
function given<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}
