/** What an L4 node can be asked for while it runs. */
import type { Measures } from '../../topology/types.ts';
import { cableMeasures, measureCables } from '../bird/cables.ts';
import { measureSpeaker, speakerMeasures } from '../bird/measures.ts';
import { byFamily } from '../by-family.ts';
import type { NodeView } from '../contract.ts';
import { askServers } from './servers.ts';

export const ipvsMeasures: Measures = {
  ...speakerMeasures,
  servers_up: { type: 'gauge', meaning: 'servers that have a weight' },
  'weight.<node>': { type: 'gauge', meaning: 'weight of that server; 0: it takes no new flows' },
  'weight4.<node>': { type: 'gauge', meaning: 'the same, of its IPv4 address; only where it has both' },
  'weight6.<node>': { type: 'gauge', meaning: 'the same, of its IPv6 address; only where it has both' },
  flows: { type: 'gauge', meaning: 'flows in its table, whether they are alive or not' },
  packets: { type: 'counter', meaning: 'packets balanced' },
  bytes: { type: 'counter', meaning: 'bytes of those packets' },
  ...cableMeasures,
};

export async function measureBalancer(view: NodeView): Promise<Record<string, number>> {
  const { node } = view;
  const [speaker, servers, totals, cables] = await Promise.all([
    measureSpeaker(view),
    askServers(view),
    readTotals(view),
    measureCables(view),
  ]);
  const ends = servers.flatMap(({ address, weight }) => {
    const name = node.targets.find((target) => target.address === address)?.node;
    return name === undefined ? [] : [{ node: name, address, value: weight }];
  });
  const { values: weights, nodes } = byFamily('weight', ends);
  return {
    ...speaker,
    servers_up: nodes,
    ...weights,
    flows: servers.reduce((sum, { active, inactive }) => sum + active + inactive, 0),
    ...totals,
    ...cables,
  };
}

/** Third line of /proc/net/ip_vs_stats, hexadecimal: connections, packets in and out, bytes in and out (Linux net/netfilter/ipvs/ip_vs_ctl.c). */
export async function readTotals(view: NodeView): Promise<{ packets: number; bytes: number }> {
  const [, , totals = ''] = (await view.readFile('/proc/net/ip_vs_stats')).split('\n');
  const cells = totals.trim().split(/\s+/);
  return { packets: Number.parseInt(cells[1] ?? '', 16), bytes: Number.parseInt(cells[3] ?? '', 16) };
}
