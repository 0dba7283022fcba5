import type { LiveLab } from '../lab/index.ts';
import { hitAll } from './act.ts';
import type { Fault, Hit, Landed } from './contract.ts';
import { renew } from './renew.ts';

/**
 * Injects or heals a fault at everything that it hits. Where nodes or daemons begin anew by that, they get again what else was done to them and not
 * undone, and it has landed only if that has.
 */
export async function actOn(
  lab: LiveLab,
  fault: Fault,
  action: 'inject' | 'heal',
  hits: readonly Hit[],
  options: Readonly<Record<string, unknown>>,
): Promise<Landed> {
  const result = await hitAll(lab, fault, action, hits, options);
  if (!result.landed) return result;
  const nodes = hits.map(({ node }) => node);
  const renewed = await renew(
    lab,
    nodes,
    ({ isRenewed, lostWith }) =>
      (fault.startsAnew === action && isRenewed === true) ||
      (fault.startsDaemonAnew === action && lostWith !== undefined && lostWith === options.daemon),
  );
  return {
    landed: renewed.every(({ landed }) => landed),
    evidence: [result, ...renewed].map(({ evidence }) => evidence).join('; '),
  };
}
