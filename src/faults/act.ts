import { WorldError } from '../base/errors.ts';
import type { LiveLab } from '../lab/index.ts';
import type { Fault, Hit, Landed } from './contract.ts';

/**
 * Injects or heals a fault at everything that it hits, all at once.
 * @returns that it landed if it did everywhere; an error is evidence that it did not
 */
export async function hitAll(
  lab: LiveLab,
  fault: Fault,
  action: 'inject' | 'heal',
  hits: readonly Hit[],
  options: Readonly<Record<string, unknown>>,
): Promise<Landed> {
  const results = await Promise.all(
    hits.map((hit) =>
      fault[action](lab, hit, options).catch(
        (error: unknown): Landed => ({ landed: false, evidence: explain(error) }),
      ),
    ),
  );
  return {
    landed: hits.length > 0 && results.every(({ landed }) => landed),
    evidence: results.map(({ evidence }) => evidence).join('; '),
  };
}

export function explain(error: unknown): string {
  const { message } = error as Error;
  return error instanceof WorldError ? [message, ...error.details].join(': ') : message;
}
