/** A fault: one thing that can go wrong, in one small file. */
import type { LiveLab } from '../lab/index.ts';
import type { FaultTraits } from '../scenario/types.ts';
import type { PlannedNode } from '../topology/types.ts';

/** What a fault hits. */
export interface Hit {
  readonly node: PlannedNode;
  /** Link faults: the network whose cable it is. */
  readonly network?: string;
}

/** Whether it verifiably happened, and what was seen. A fault that did not land makes the verdict unknown. */
export interface Landed {
  readonly landed: boolean;
  readonly evidence: string;
}

export interface Fault {
  readonly traits: FaultTraits;
  /** Does it and looks whether it happened. */
  inject(lab: LiveLab, hit: Hit, options: Readonly<Record<string, unknown>>): Promise<Landed>;
  /** Undoes it and looks whether that worked. */
  heal(lab: LiveLab, hit: Hit, options: Readonly<Record<string, unknown>>): Promise<Landed>;
}
