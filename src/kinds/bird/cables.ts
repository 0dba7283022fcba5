/** What has gone through a node's cables, whoever it was for. */
import type { Measures } from '../../topology/types.ts';
import type { NodeView } from '../contract.ts';

export const cableMeasures: Measures = {
  bytes_in: { type: 'counter', meaning: 'bytes that came in over its cables' },
  bytes_out: { type: 'counter', meaning: 'bytes that went out over its cables' },
};

/** The measures of `cableMeasures`: its kernel's counters, frames as a whole. A tunnel's packets are counted once, where they leave. */
export async function measureCables(view: NodeView): Promise<{ bytes_in: number; bytes_out: number }> {
  const cables = new Set(view.node.interfaces.map(({ name }) => name));
  const counters = parseDevices(await view.readFile('/proc/net/dev')).filter(({ name }) => cables.has(name));
  return {
    bytes_in: counters.reduce((sum, { received }) => sum + received, 0),
    bytes_out: counters.reduce((sum, { sent }) => sum + sent, 0),
  };
}

/** `/proc/net/dev`: two lines of headings; then a name, eight figures received, eight sent, bytes first (Linux net/core/net-procfs.c). */
export function parseDevices(text: string): { name: string; received: number; sent: number }[] {
  return text
    .split('\n')
    .slice(2)
    .filter((line) => line.includes(':'))
    .map((line) => {
      const [name = '', figures = ''] = line.split(':');
      const cells = figures.trim().split(/\s+/).map(Number);
      return { name: name.trim(), received: cells[0] ?? 0, sent: cells[8] ?? 0 };
    });
}
