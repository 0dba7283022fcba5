/** Arbitrary scenarios that are right, each with its topology: traffic, faults and metrics from the program's own tables. */
import fc, { type Arbitrary } from 'fast-check';
import { faultTable } from '../../../src/faults/index.ts';
import { kindTable } from '../../../src/kinds/index.ts';
import type { FaultTraits } from '../../../src/scenario/types.ts';
import { type Plan, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { asText, type Entry, topologies, type Written } from './topologies.ts';
import { accepted } from './values.ts';

export interface WrittenScenario {
  readonly name: string;
  readonly topology: string;
  readonly traffic: readonly Entry[];
  readonly timeline: readonly Entry[];
  readonly [key: string]: unknown;
}

export const scenarios: Arbitrary<{ topology: Written; scenario: WrittenScenario }> = topologies
  .filter(({ nodes }) => Object.values(nodes).some(({ kind }) => kind === 'client'))
  .chain((topology) => {
    const plan = planTopology(topologyOf(parseDocument(asText(topology), 'x.yaml'), kindTable), kindTable);
    return fc
      .record({
        traffic: fc.array(trafficOf(topology), { minLength: 1, maxLength: 3 }),
        entries: fc.array(fc.record({ at: fc.integer({ min: 0, max: 30_000 }), entry: entryOf(plan) }), {
          minLength: 1,
          maxLength: 4,
        }),
        seed: fc.option(fc.integer({ min: 0, max: 4_294_967_295 }), { nil: undefined }),
        name: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 60 }),
        healed: fc.boolean(),
      })
      .map(({ traffic, entries, seed, name, healed }) => ({
        topology,
        scenario: {
          name,
          topology: 'topology.yaml',
          ...(seed === undefined ? {} : { seed }),
          traffic: traffic.map((each, i) => ({ ...each, name: `${String(each.type).slice(0, 4)}${i}` })),
          timeline: entries.flatMap(({ at, entry }, i): Entry[] => {
            const begun = { at: `${at}ms`, name: `happening-${i}`, ...entry };
            return healed
              ? [begun, { at: '30s', name: `end-${i}`, action: 'heal', of: begun.name }]
              : [begun];
          }),
          duration: '31s',
          expect: traffic.map(({ type }, i) =>
            type === 'http' ? `http${i}.error_rate < 1%` : `held${i}.broken in happening-0..+5s == 0`,
          ),
        },
      }));
  });

function trafficOf({ nodes, services }: Written): Arbitrary<Entry & { type: string }> {
  const clients = Object.keys(nodes).filter((name) => nodes[name]?.kind === 'client');
  const ends = { from: fc.constantFrom(...clients), to: fc.constantFrom(...Object.keys(services)) };
  const durations = fc.constantFrom('10ms', '1s', '1.5s', '5s', '1m');
  return fc.oneof(
    fc.record(
      {
        type: fc.constant('held-tcp' as const),
        ...ends,
        connections: fc.integer({ min: 1, max: 300 }),
        heartbeat: durations,
        timeout: durations,
        upload: fc.constantFrom<number | string>(1, 256, '64KB', '1MiB'),
      },
      { requiredKeys: ['type', 'from', 'to', 'connections'] },
    ),
    fc.record(
      {
        type: fc.constant('http' as const),
        ...ends,
        rate: fc.constantFrom('1/s', '50/s', '0.5/s', '300/m'),
        timeout: durations,
      },
      { requiredKeys: ['type', 'from', 'to', 'rate'] },
    ),
  );
}

/** A fault that some node of the plan can have, with a target and with options that it does not refuse. */
function entryOf(plan: Plan): Arbitrary<Entry> {
  const crash = { fault: 'node.crash', target: plan.nodes[0]?.name };
  const able = Object.values(faultTable).filter((traits) => targetsOf(traits, plan).length > 0);
  return fc
    .constantFrom(...able)
    .chain((traits) => faultOf(traits, plan))
    .map((entry) => entry ?? crash);
}

function faultOf(traits: FaultTraits, plan: Plan): Arbitrary<Entry | undefined> {
  const targets = targetsOf(traits, plan);
  const options = accepted(
    traits.options.shape,
    plan.nodes.map(({ name }) => name),
  );
  if (options === undefined) return fc.constant(undefined);
  const attempts = { minLength: 10, maxLength: 10 };
  return fc
    .tuple(fc.constantFrom(...targets), fc.array(options, attempts))
    .map(([{ node, target }, tries]) => {
      const fine = tries.find((each) => {
        const { success, data } = traits.options.safeParse(each);
        return success && traits.refuse?.(node, data, plan) === undefined;
      });
      return fine === undefined ? undefined : { fault: traits.name, target, ...fine };
    });
}

function targetsOf({ target, kinds }: FaultTraits, { nodes }: Plan) {
  return nodes
    .filter(({ kind }) => kinds?.includes(kind) ?? true)
    .flatMap((node) =>
      target === 'node'
        ? [{ node, target: node.name }]
        : node.interfaces.map((hit) => ({
            node: { ...node, interfaces: [hit] },
            target: `${node.name}:${hit.network}`,
          })),
    );
}
