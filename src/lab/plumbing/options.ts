import type { Kind } from '../../kinds/contract.ts';
import type { Programs } from '../paths.ts';

export type Kinds = Readonly<Record<string, Kind>>;

export interface PlumbingOptions {
  readonly kinds: Kinds;
  readonly programs: Programs;
  /** How many nodes are plumbed at once: past four the kernel's rtnl lock makes it slower. */
  readonly lanes: number;
}
