import { z } from 'zod';
import { defineFault } from './contract.ts';
import { isReady } from './daemons.ts';
import { nodeCrash } from './node-crash.ts';

/** A node crashes and comes back at once, knowing nothing of before. */
export const nodeRestart = defineFault({
  traits: {
    name: 'node.restart',
    summary: 'the node dies silently and boots again at once, its memory gone',
    target: 'node',
    options: z.strictObject({}),
  },

  startsAnew: 'inject',

  async inject(lab, hit) {
    const crashed = await nodeCrash.inject(lab, hit, {});
    const revived = await nodeCrash.heal(lab, hit, {});
    return {
      landed: crashed.landed && revived.landed,
      evidence: `crash: ${crashed.evidence}; boot: ${revived.evidence}`,
    };
  },

  async heal(lab, hit) {
    // It may be dead still: whoever restarted it was killed before it booted.
    const booted = await nodeCrash.heal(lab, hit, {});
    const { ok, saw } = await isReady(lab, hit.node);
    return { landed: booted.landed && ok, evidence: `${hit.node.name}: ${saw}` };
  },
});
