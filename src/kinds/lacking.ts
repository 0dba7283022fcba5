import type { NodeView } from './contract.ts';

/**
 * What a node still lacks, nodes out of service left aside. Who they are is a look at the lab's folder, which is spared where
 * nothing is lacking at all: nearly always, and every node is asked many times.
 */
export async function lackingInService(
  view: NodeView,
  lackingWithout: (out: ReadonlySet<string>) => readonly string[],
): Promise<readonly string[]> {
  const lacking = lackingWithout(new Set());
  return lacking.length === 0 ? lacking : lackingWithout(await view.outOfService());
}
