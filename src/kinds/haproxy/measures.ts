/** What an L7 node can be asked for while it runs. */
import type { Measures } from '../../topology/types.ts';
import { measureSpeaker, speakerMeasures } from '../bird/measures.ts';
import type { NodeView } from '../contract.ts';
import { parseStats, statsSocket } from './stats.ts';

export const haproxyMeasures: Measures = {
  ...speakerMeasures,
  backends_up: { type: 'gauge', meaning: 'backends that passed their last check' },
  sessions: { type: 'gauge', meaning: "clients' connections that are open" },
  requests: { type: 'counter', meaning: 'requests of clients, health checks of tier 2 left out' },
  bytes_in: { type: 'counter', meaning: 'bytes from clients' },
  bytes_out: { type: 'counter', meaning: 'bytes to clients' },
};

export async function measureProxy(view: NodeView): Promise<Record<string, number>> {
  const [speaker, csv] = await Promise.all([
    measureSpeaker(view),
    view.ask(statsSocket(view.paths), 'show stat -1 5 -1\n'),
  ]);
  const rows = parseStats(csv);
  const up = new Set(
    rows
      .filter(({ svname, status }) => isServer(svname) && status?.startsWith('UP'))
      .map(({ svname }) => svname),
  );
  const services = new Set(view.node.services.map(({ name }) => name));
  const frontends = rows.filter(({ svname, pxname }) => svname === 'FRONTEND' && services.has(pxname ?? ''));
  const sum = (column: string): number =>
    frontends.reduce((total, row) => total + Number(row[column] ?? 0), 0);
  return {
    ...speaker,
    backends_up: up.size,
    sessions: sum('scur'),
    requests: sum('req_tot'),
    bytes_in: sum('bin'),
    bytes_out: sum('bout'),
  };
}

const isServer = (svname: string | undefined): boolean => svname !== 'FRONTEND' && svname !== 'BACKEND';
