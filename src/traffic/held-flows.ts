import type { TrafficJob } from './contract.ts';

/** A held connection as the seed chooses it. */
export interface SeededFlow {
  readonly traffic: string;
  /** Number in its traffic, from 0. */
  readonly flow: number;
  readonly address: string;
  readonly port: number;
  /** Name of the service. */
  readonly service: string;
  /** Client node. */
  readonly client: string;
}

/** Every connection that these jobs hold. Requests are too short to be looked at one by one. */
export const heldFlows = (jobs: readonly TrafficJob[]): readonly SeededFlow[] =>
  jobs.flatMap((job) =>
    job.held.flatMap(({ name, target, flows }) =>
      flows.map(({ flow, address, port }) => ({
        traffic: name,
        flow,
        address,
        port,
        service: target.service,
        client: job.node,
      })),
    ),
  );
