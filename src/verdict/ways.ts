import type { Step } from './flow.ts';
import type { PathEvent, RunEvent } from './history.ts';

/** The ways that clients (`address:port`) were seen to take. */
export interface Ways {
  /** The way of a held connection: later sightings are added to it. */
  of(client: string): Step[];
  add(event: PathEvent): void;
}

/**
 * A way may be seen before the flow is known to be open. Short connections have ways too, are many and belong to no
 * flow: the oldest of them are forgotten.
 */
export function waysOf({ traffic }: RunEvent): Ways {
  const connections = traffic.reduce(
    (sum, spec) => sum + (spec.type === 'held-tcp' ? spec.connections : 0),
    0,
  );
  const mostStrangers = 10_000 + connections;
  const held = new Map<string, Step[]>();
  const strangers = new Map<string, Step[]>();
  return {
    of: (client) => {
      const steps = held.get(client) ?? strangers.get(client) ?? [];
      strangers.delete(client);
      held.set(client, steps);
      return steps;
    },
    add: ({ client, t, l4, l7, from }) => {
      const step = from === undefined ? { t, l4, l7 } : { t, l4, l7, from };
      const steps = held.get(client) ?? strangers.get(client);
      if (steps !== undefined) steps.push(step);
      else strangers.set(client, [step]);
      const [oldest] = strangers.size > mostStrangers ? strangers.keys() : [];
      if (oldest !== undefined) strangers.delete(oldest);
    },
  };
}
