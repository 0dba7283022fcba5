import { z } from 'zod';
import type { Family } from '../base/ip.ts';
import { durationField, freeName, rateField, sizeField } from './fields.ts';
import { type RollingItem, rollingKeys } from './rolling.ts';
import type { FaultTable } from './types.ts';

/** A scenario file as written, its shape checked and units turned into milliseconds, bytes and requests a second. */
export interface ScenarioFile {
  readonly name: string;
  readonly topology: string;
  readonly seed: number;
  readonly traffic: readonly TrafficEntry[];
  readonly steady: { readonly for: number; readonly within: number };
  readonly timeline: readonly TimelineItem[];
  readonly duration: number;
  readonly expect: readonly string[];
  readonly control?:
    | {
        readonly topology?: string | undefined;
        readonly set: Readonly<Record<string, unknown>>;
        readonly skip: readonly string[];
        readonly replace: Readonly<Record<string, unknown>>;
        readonly duration?: number | undefined;
        readonly expect: readonly string[];
      }
    | undefined;
}

export type TrafficEntry = {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly family?: Family | undefined;
  readonly timeout: number;
} & (
  | {
      readonly type: 'held-tcp';
      readonly connections: number;
      readonly heartbeat: number;
      readonly stall: number;
      readonly upload: number;
      readonly download: number;
      readonly contested: boolean;
    }
  | { readonly type: 'http'; readonly rate: number }
);

export type TimelineItem =
  | {
      readonly at: number;
      readonly name?: string | undefined;
      readonly fault: string;
      readonly target: string;
      readonly [option: string]: unknown;
    }
  | ({
      readonly at: number;
      readonly name?: string | undefined;
      readonly fault?: undefined;
    } & (
      | { readonly action: 'heal'; readonly of: string }
      | { readonly action: 'drain'; readonly target: string; readonly within: number }
      | { readonly action: 'undrain'; readonly of: string; readonly within: number }
      | RollingItem
      | { readonly action: 'scale'; readonly tier: string; readonly by: number; readonly within: number }
    ));

/** The one definition of a scenario file: it validates, and editors get their JSON Schema from it. */
export function scenarioSchema(faults: FaultTable): z.ZodType<ScenarioFile> {
  return z
    .strictObject(
      {
        name: z
          .string({ error: 'must be text' })
          .regex(/^[^\n]{1,120}$/, { error: 'must be one line of at most 120 characters' })
          .meta({ description: 'What happens, in a few words.' }),
        topology: z
          .string({ error: 'must be the path of a topology file' })
          .min(1, { error: 'must be the path of a topology file' })
          .meta({ description: 'Path of the topology file, seen from the folder of this file.' }),
        seed: z
          .int()
          .min(0)
          .max(4_294_967_295)
          .default(1)
          .meta({ description: 'Everything random (ports, order) follows from it.' }),
        traffic: z
          .array(
            z.discriminatedUnion('type', [heldTcp, http], {
              error: 'must be a map with name, type, from and to',
            }),
            { error: 'must be a list of traffic' },
          )
          .min(1, { error: 'at least one entry is needed' })
          .meta({ description: 'What the clients do all the time.' }),
        steady: z
          .strictObject(
            {
              for: durationField('How long all traffic must be well before the timeline begins.').prefault(
                '3s',
              ),
              within: durationField('How long to wait for that; then the verdict is unknown.').prefault(
                '60s',
              ),
            },
            { error: 'must be a map such as {for: 3s}' },
          )
          .prefault({})
          .meta({ description: 'The steady state: without it, nothing that comes after proves anything.' }),
        timeline: z
          .array(timelineEntry(faults), { error: 'must be a list of faults and heals' })
          .min(1, { error: 'at least one entry is needed' })
          .meta({ description: 'What breaks and heals, and when. Times count from the steady state.' }),
        duration: durationField(
          'How long the run goes on, from the steady state, and 2 s at least after the timeline is done.',
        ),
        expect: expectations('What must be true for the scenario to pass.'),
        control: z
          .strictObject(
            {
              topology: z
                .string({ error: 'must be the path of a topology file' })
                .min(1, { error: 'must be the path of a topology file' })
                .optional()
                .meta({
                  description:
                    "Another topology for the control, where the protection is a tier and no option. Default: the run's.",
                }),
              set: z
                .record(z.string(), z.unknown(), { error: 'must be a map such as {l4.sloppy_tcp: false}' })
                .refine((set) => Object.keys(set).length > 0, { error: 'at least one option must change' })
                .meta({ description: 'Options that differ in the control: group.option and its value.' })
                .default(() => ({})),
              skip: z
                .array(z.string({ error: 'must be the name of an entry of the timeline' }), {
                  error: 'must be a list of names such as [drain]',
                })
                .min(1, { error: 'at least one entry must be left out' })
                .meta({
                  description: 'Entries of the timeline that the control leaves out, with what undoes them.',
                })
                .default(() => []),
              replace: z
                .record(z.string(), z.unknown(), {
                  error: 'must be a map such as {reload: {fault: l7.restart, target: l7}}',
                })
                .refine((replace) => Object.keys(replace).length > 0, {
                  error: 'at least one entry must be replaced',
                })
                .meta({
                  description:
                    'What stands in the timeline of the control instead of an entry of that name, at the same time.',
                })
                .default(() => ({})),
              duration: durationField(
                "How long the control goes on: what is unprotected may take longer. Default: the run's.",
              ).optional(),
              expect: expectations('How the control must fail.'),
            },
            { error: 'must be a map with topology, set, skip or replace, and expect' },
          )
          .optional()
          .meta({
            description:
              'The same run with the protection switched off. It must fail in the way named here, or the verdict is unknown.',
          }),
      },
      { error: 'must be a map with name, topology, traffic, timeline, duration and expect' },
    )
    .meta({
      title: 'tierlab scenario',
      description: 'Traffic, faults on a timeline, and what must be true of them.',
    }) as unknown as z.ZodType<ScenarioFile>;
}

/** JSON Schema (draft 2020-12) of a scenario file, for editors. */
export function scenarioJsonSchema(faults: FaultTable): unknown {
  return z.toJSONSchema(scenarioSchema(faults), {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === 'undefined') jsonSchema.not = {};
    },
  });
}

const expectations = (description: string) =>
  z
    .array(z.string({ error: 'must be an expectation such as held.broken == 0' }), {
      error: 'must be a list of expectations such as held.broken == 0',
    })
    .min(1, { error: 'at least one expectation is needed' })
    .meta({ description });

const everyTraffic = {
  name: freeName('Name of the traffic: its metrics begin with it.'),
  from: z.string({ error: 'must be a name' }).meta({ description: 'Client group.' }),
  to: z.string({ error: 'must be a name' }).meta({ description: 'Service.' }),
  family: z
    .enum(['ipv4', 'ipv6'])
    .optional()
    .meta({ description: "Which of the service's VIPs it goes to. Default: the first." }),
};

const heldTcp = z.strictObject({
  ...everyTraffic,
  type: z
    .literal('held-tcp')
    .meta({ description: 'Connections that are opened once and kept open with heartbeats.' }),
  connections: z.int().min(1).max(50_000).meta({ description: 'How many are held.' }),
  heartbeat: durationField('Time between two heartbeats of a connection.', 10).prefault('1s'),
  timeout: durationField('A heartbeat without an answer for longer breaks its connection.').prefault('5s'),
  stall: durationField('A heartbeat that takes longer makes a stalled flow.').prefault('1s'),
  upload: sizeField('Payload of a heartbeat.').prefault(256),
  download: sizeField("Payload of a heartbeat's answer.").prefault(256),
  contested: z.boolean().default(false).meta({
    description:
      'Only connections whose L7 depends on the order of the servers: those that an L4 node sends elsewhere when it has its servers in reverse order. Few are so by chance.',
  }),
});

const http = z.strictObject({
  ...everyTraffic,
  type: z
    .literal('http')
    .meta({ description: 'Requests at a constant rate, each on a connection of its own.' }),
  rate: rateField('How many requests begin, whatever becomes of those before.'),
  timeout: durationField('A request without a whole answer for longer has failed.').prefault('2s'),
});

/** Told apart by `fault`: a known fault with its own keys, or none, which is an action. */
export function timelineEntry(faults: FaultTable) {
  const when = {
    at: durationField('When, counted from the steady state.', 0),
    name: freeName(
      'Windows of expectations and heal refer to it. Default: the name of the fault.',
    ).optional(),
  };
  const action = { ...when, fault: z.undefined().optional() };
  const within = durationField(
    'The deadline: what takes longer has not landed, and the verdict is unknown.',
    100,
  ).prefault('20s');
  const heal = z.strictObject({
    ...action,
    action: z.literal('heal').meta({ description: 'Makes a fault undone.' }),
    of: z
      .string({ error: 'must be the name of a fault' })
      .meta({ description: 'Name of the fault that is healed.' }),
  });
  const drain = z.strictObject({
    ...action,
    action: z.literal('drain').meta({ description: 'Takes a node out of service without anybody noticing.' }),
    target: z
      .string({ error: 'must be the name of a node or a group' })
      .min(1, { error: 'must be the name of a node or a group' })
      .meta({ description: 'Node (l4-1) or group (l4: all its nodes at once).' }),
    within,
  });
  const undrain = z.strictObject({
    ...action,
    action: z.literal('undrain').meta({ description: 'Puts a drained node back into service.' }),
    of: z.string({ error: 'must be the name of a drain' }).meta({ description: 'Name of the drain.' }),
    within,
  });
  const rolling = z.strictObject({ ...action, ...rollingKeys(faults), within });
  const by = 'must be how many nodes more (1) or fewer (-1)';
  const scale = z.strictObject({
    ...action,
    action: z
      .literal('scale')
      .meta({ description: 'Adds nodes to a tier, or takes the last ones away, each drained first.' }),
    tier: z
      .string({ error: 'must be the name of a group of nodes' })
      .min(1, { error: 'must be the name of a group of nodes' })
      .meta({ description: 'Group (l7).' }),
    by: z
      .int({ error: by })
      .refine((count) => count !== 0 && Math.abs(count) <= 100, { error: by })
      .meta({ description: 'How many nodes more; negative: fewer.' }),
    within,
  });
  const actions = z.discriminatedUnion('action', [heal, drain, undrain, rolling, scale]);
  const injections = Object.values(faults).map(({ name, summary, target, options }) =>
    z.strictObject({
      ...when,
      fault: z.literal(name).meta({ description: summary }),
      target: z
        .string({ error: 'must be the name of a node, a group or a cable' })
        .min(1, { error: 'must be the name of a node, a group or a cable' })
        .meta({
          description:
            target === 'node'
              ? 'Node (l4-1) or group (l4: all its nodes).'
              : 'Cable: node:network (l4-1:fabric), or group:network.',
        }),
      ...options.shape,
    }),
  );
  return z.discriminatedUnion('fault', [actions, ...injections], {
    error: 'must be a map with at, fault and target',
  });
}
