import type { ForetoldFlow } from '../../../src/oracle/index.ts';
import type { Scenario } from '../../../src/scenario/types.ts';

/** One traffic of that many held connections from the client of three-tier, and its flows as a seed might choose them. */
export function heldTraffic(connections: number): {
  readonly traffic: Scenario['traffic'];
  readonly flows: readonly ForetoldFlow[];
} {
  return {
    traffic: [
      {
        type: 'held-tcp',
        name: 'held',
        from: 'client',
        to: 'web',
        connections,
        heartbeatMs: 1000,
        timeoutMs: 5000,
        uploadBytes: 0,
        downloadBytes: 0,
      },
    ],
    flows: Array.from({ length: connections }, (_, flow) => ({
      traffic: 'held',
      flow,
      address: `203.0.113.${1 + (flow % 200)}`,
      port: 20_000 + 7 * flow,
      service: 'web',
      client: 'client',
    })),
  };
}
