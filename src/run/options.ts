/** What a run is made of, and its clock. */

import type { Limit } from '../base/limit.ts';
import type { Report } from '../base/progress.ts';
import type { HostName } from '../hosts/contract.ts';
import type { Programs } from '../lab/index.ts';
import type { Scenario } from '../scenario/index.ts';
import type { Topology } from '../topology/index.ts';

/** As the scenario says, or with the protection off. */
export type Role = 'main' | 'control';

export interface RunOptions {
  readonly scenario: Scenario;
  readonly topology: Topology;
  /** Name of the labs it makes: `<name>` and `<name>-control`. */
  readonly labName: string;
  readonly host: HostName | 'auto';
  /** Empty folder for the history, logs and verdict. */
  readonly runDirectory: string;
  readonly programs: Programs;
  readonly version: string;
  /** Leave the lab of the main run up. */
  readonly keep: boolean;
  readonly lanes: number;
  /** Keep the packets of so many flows of each traffic that break or stall. Absent: capture none. */
  readonly packetsOfFlows?: number;
  readonly memoryMb?: number;
  /** Each of its two labs waits for its turn: to be there, and, when it is up, to be measured. */
  readonly turns: { readonly lab: Limit; readonly measured: Limit };
  readonly report: Report;
  readonly signal: AbortSignal;
}
