import { type LiveLab, ledgerEntries } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { type PortState, portStates, setPorts } from './cables.ts';
import { resolveTarget } from './nodes.ts';

/**
 * Sets the switch ports of a node's cables as a fault wants them, or as its end leaves them; what else was done to them and not undone
 * stands: a cable that was pulled stays so when its node thaws, and a frozen node hears nothing by one that is plugged in.
 * @param fault name of the one that is injected or healed now; `script` is part of it: done last, or undone first
 * @returns whether the ports are so, and what they are
 */
export async function settlePorts(
  lab: LiveLab,
  node: PlannedNode,
  networks: readonly string[],
  {
    fault,
    isHealed,
    script = '',
  }: { readonly fault: string; readonly isHealed: boolean; readonly script?: string },
): Promise<{ readonly ok: boolean; readonly ports: readonly PortState[] }> {
  const others = (await ledgerEntries(lab.paths)).filter((entry) => entry.fault !== fault);
  const standing = new Set(isHealed ? [] : [fault]);
  const wanted = networks.map((network) => {
    const stands = (name: string): boolean =>
      standing.has(name) ||
      others.some(
        (entry) =>
          entry.fault === name &&
          resolveTarget(lab.plan, entry.target).some(
            (hit) => hit.node.name === node.name && (hit.network ?? network) === network,
          ),
      );
    return stands('link.down') ? 'down' : stands('node.freeze') ? 'blackhole' : 'up';
  });
  const lines = networks.map((network, i) => setPorts(lab, node, [network], wanted[i] ?? 'up'));
  await lab.script(
    `setting the ports of ${node.name}`,
    (isHealed ? [script, ...lines] : [...lines, script]).join('\n'),
  );
  const ports = await portStates(lab, node, networks);
  return { ok: ports.every((port, i) => port === wanted[i]), ports };
}
