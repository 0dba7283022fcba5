/** A fault: one thing that can go wrong, in one small file. */
import type { z } from 'zod';
import type { LiveLab } from '../lab/index.ts';
import type { FaultTraits, Refusal } from '../scenario/types.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';

/** What a fault hits. */
export interface Hit {
  readonly node: PlannedNode;
  /** Link faults: the network whose cable it is. */
  readonly network?: string;
  /** The scenario's: what is chosen at random follows from it. Default 1. */
  readonly seed?: number;
  /** A fault that takes its time ends when it aborts. */
  readonly signal?: AbortSignal;
}

/** Whether it verifiably happened, and what was seen. A fault that did not land makes the verdict unknown. */
export interface Landed {
  readonly landed: boolean;
  readonly evidence: string;
}

/** Writes a fault down with its own keys typed as its schema gives them. */
export function defineFault<Options extends z.ZodObject>(fault: FaultOf<Options>): Fault {
  return fault;
}

/** What becomes of it where nodes begin anew, or join. */
interface Lasting {
  /** Nodes that it hits begin anew when it is injected, or healed: with nothing in their kernels of what was done to them before. */
  readonly startsAnew?: 'inject' | 'heal';
  /** So does the daemon that its key `daemon` names. */
  readonly startsDaemonAnew?: 'inject' | 'heal';
  /** A daemon that makes what it changed anew when that daemon begins: then it is done again. */
  readonly lostWith?: string;
  /** It is in the kernel and at the cables of the nodes that it hits: when one begins anew, it is done again. */
  readonly isRenewed?: true;
  /** It is a setting, no damage: a node that joins the group that it hit gets it, too. */
  readonly isForNewcomers?: true;
}

interface FaultOf<Options extends z.ZodObject> extends Lasting {
  readonly traits: Omit<FaultTraits, 'options' | 'refuse'> & {
    readonly options: Options;
    refuse?(node: PlannedNode, options: z.output<Options>, plan: Plan): Refusal | undefined;
  };
  inject(lab: LiveLab, hit: Hit, options: z.output<Options>): Promise<Landed>;
  heal(lab: LiveLab, hit: Hit, options: z.output<Options>): Promise<Landed>;
}

export interface Fault extends Lasting {
  readonly traits: FaultTraits;
  /** Does it and looks whether it happened. */
  inject(lab: LiveLab, hit: Hit, options: Readonly<Record<string, unknown>>): Promise<Landed>;
  /** Undoes it and looks whether that worked. */
  heal(lab: LiveLab, hit: Hit, options: Readonly<Record<string, unknown>>): Promise<Landed>;
}
