/** The action `rolling`: the same steps for every node of a tier, one after another. */
import { z } from 'zod';
import { nodeNames, type Topology } from '../topology/index.ts';
import { durationField } from './fields.ts';
import type { FaultTable, RollingStep } from './types.ts';

/** The action `rolling` as written; the keys of a step's fault are not yet looked at. */
export interface RollingItem {
  readonly action: 'rolling';
  readonly tier: string;
  readonly do: readonly WrittenStep[];
  readonly max_unavailable: number;
  readonly pause: number;
  readonly within: number;
}

export type WrittenStep = string | { readonly fault: string; readonly [option: string]: unknown };

/** The action's own keys: a step is `drain`, `undrain` or a fault; with keys of its own that is a map. */
export function rollingKeys(faults: FaultTable) {
  const ofNodes = Object.values(faults).flatMap(({ name, target }) => (target === 'node' ? [name] : []));
  const like = { error: 'must be drain, undrain or a fault that hits nodes, such as node.restart' };
  const step = z.union(
    [
      z.enum(['drain', 'undrain', ...ofNodes], like),
      z.looseObject(
        {
          fault: z
            .enum(ofNodes, like)
            .meta({ description: 'A fault that hits nodes; its keys stand beside it.' }),
        },
        like,
      ),
    ],
    like,
  );
  return {
    action: z
      .literal('rolling')
      .meta({ description: 'Does the same to every node of a tier, one after another.' }),
    tier: z
      .string({ error: 'must be the name of a group' })
      .min(1, { error: 'must be the name of a group' })
      .meta({ description: 'Group whose nodes have their turns.' }),
    do: z
      .array(step, { error: 'must be a list of steps such as [drain, node.restart, undrain]' })
      .min(1, { error: 'at least one step is needed' })
      .meta({
        description:
          'What is done to each node: drain, undrain, a fault, or a map of a fault with its keys. Each step is verified before the next.',
      }),
    max_unavailable: z
      .int()
      .min(1)
      .default(1)
      .meta({ description: 'So many nodes have their turn at the same time.' }),
    pause: durationField('Between two turns.', 0).prefault('0s'),
  };
}

/** The steps of an action that was checked. */
export function rollingSteps(written: readonly WrittenStep[], faults: FaultTable): RollingStep[] {
  return written.map((step) => {
    if (step === 'drain' || step === 'undrain') return { action: step };
    const { fault, ...options } = asMap(step);
    return { action: 'inject', fault, options: faults[fault]?.options.parse(options) ?? options };
  });
}

/** Names of what is recorded: the action itself, each step of each node, and that all is done. */
export function rollingNames(
  name: string,
  { tier, do: steps }: Pick<RollingItem, 'tier' | 'do'>,
  { nodes }: Topology,
): string[] {
  const turns = nodes.filter((group) => group.name === tier).flatMap(nodeNames);
  return [
    name,
    ...turns.flatMap((node) => steps.map((step) => `${name}-${node}-${asMap(step).fault}`)),
    `${name}-done`,
  ];
}

export const asMap = (step: WrittenStep): Exclude<WrittenStep, string> =>
  typeof step === 'string' ? { fault: step } : step;
