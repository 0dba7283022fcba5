/** Backends that misbehave: one process serves them all, and each is told how to answer. */
import { z } from 'zod';
import type { BackendBehaviour } from '../kinds/contract.ts';
import type { LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { defineFault, type Landed } from './contract.ts';
import { durationField, shareField } from './fields.ts';

const kinds = ['web'] as const;

const checksField = z
  .boolean()
  .default(false)
  .meta({ description: 'Health checks are hit too, so that the L7 nodes notice.' });

export const backendSlow = defineFault({
  traits: {
    name: 'backend.slow',
    summary: 'a backend answers later, requests and held connections alike',
    target: 'node',
    kinds,
    options: z.strictObject({
      delay: durationField('How much later.', [1, 600_000]),
      checks: checksField,
    }),
  },
  inject: (lab, { node }, { delay, checks }) => behave(lab, node, 'slow', { delayMs: delay, checks }),
  heal: (lab, { node }) => behave(lab, node, 'slow', undefined),
});

export const backendErrors = defineFault({
  traits: {
    name: 'backend.errors',
    summary: 'a backend answers a share of requests with an error',
    target: 'node',
    kinds,
    options: z.strictObject({
      rate: shareField('Which share of requests fails; the seed says which.').prefault('100%'),
      status: z.int().min(400).max(599).default(500).meta({ description: 'Status of those answers.' }),
      checks: checksField,
      seed: z.int().min(0).max(4_294_967_295).optional().meta({ description: "Default: the scenario's." }),
    }),
  },
  inject: (lab, { node, seed: scenarioSeed = 1 }, { rate, status, checks, seed = scenarioSeed }) =>
    behave(lab, node, 'errors', { rate, status, seed, checks }),
  heal: (lab, { node }) => behave(lab, node, 'errors', undefined),
});

export const backendRefuse = simple(
  'refuse',
  'backend.refuse',
  'a backend resets new connections; those that it has go on',
);

export const backendHang = simple(
  'hang',
  'backend.hang',
  'a backend accepts connections and answers nothing',
);

export const backendHalfOpen = simple(
  'halfOpen',
  'backend.half-open',
  'a backend has forgotten its open connections without closing them; heal resets them',
);

function simple(part: 'refuse' | 'hang' | 'halfOpen', name: string, summary: string) {
  return defineFault({
    traits: { name, summary, target: 'node', kinds, options: z.strictObject({}) },
    inject: (lab, { node }) => behave(lab, node, part, true),
    heal: (lab, { node }) => behave(lab, node, part, undefined),
  });
}

async function behave<Part extends keyof BackendBehaviour>(
  lab: LiveLab,
  node: PlannedNode,
  part: Part,
  value: BackendBehaviour[Part] | undefined,
): Promise<Landed> {
  const now = await lab.kindOf(node).shared?.behave?.(lab.view(node), { [part]: value });
  if (now === undefined) throw new Error(`${node.name} is no backend`);
  const said = Object.entries(now).map(([each, how]) => `${each} ${JSON.stringify(how)}`);
  return {
    landed: JSON.stringify(now[part]) === JSON.stringify(value),
    evidence: `${node.name}: ${said.join(', ') || 'well'}`,
  };
}
