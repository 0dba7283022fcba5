import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type PortState, portStates, setPorts } from './cables.ts';
import { defineFault } from './contract.ts';
import { durationField } from './fields.ts';

/** A bad contact: the carrier comes and goes, and stays in the end. It takes as long as it lasts. */
export const linkFlap = defineFault({
  traits: {
    name: 'link.flap',
    summary: 'the carrier of a cable goes and comes back again and again; it ends by itself',
    target: 'link',
    options: z.strictObject({
      times: z.int().min(1).max(100).default(3).meta({ description: 'How often it goes.' }),
      period: durationField('From one time it goes to the next; half of it down.', [200, 60_000]).prefault(
        '2s',
      ),
    }),
  },

  async inject(lab, { node, network = '', signal }, { times, period }) {
    const started = performance.now();
    const seen: (PortState | undefined)[] = [];
    for (let i = 0; i < 2 * times; i++) {
      const state = i % 2 === 0 ? 'down' : 'up';
      const pauseMs = Math.max(0, started + (i * period) / 2 - performance.now());
      await delay(pauseMs, undefined, signal === undefined ? {} : { signal });
      await lab.script(`flapping the cable of ${node.name}`, setPorts(lab, node, [network], state));
      seen.push((await portStates(lab, node, [network]))[0]);
    }
    const wrong = seen.filter((state, i) => state !== (i % 2 === 0 ? 'down' : 'up')).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return {
      landed: wrong === 0,
      evidence: `port ${node.name} on ${network}: ${seen.join(', ')} in ${seconds} s`,
    };
  },

  async heal(lab, { node, network = '' }) {
    await lab.script(`plugging in the cable of ${node.name}`, setPorts(lab, node, [network], 'up'));
    const [port] = await portStates(lab, node, [network]);
    return { landed: port === 'up', evidence: `port ${node.name} on ${network} is ${port}` };
  },
});
