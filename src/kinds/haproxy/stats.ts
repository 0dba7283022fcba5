import type { NodePaths } from '../contract.ts';

export interface ServerState {
  /** Name of the backend node. */
  readonly name: string;
  /** Name of HAProxy's backend section. */
  readonly backend: string;
  /** `UP`, `DOWN`, `UP 1/2`, `MAINT`, … */
  readonly status: string;
  /** What the last check saw: `L7OK`, `L4CON`, …; empty before the first. */
  readonly check: string;
  readonly sessions: number;
}

export const statsSocket = (paths: Pick<NodePaths, 'run'>): string => `${paths.run}/haproxy.ctl`;

/** Reads the answer to `show stat -1 4 -1`. */
export function parseServers(csv: string): ServerState[] {
  return parseStats(csv).map(({ svname = '', pxname = '', status = '', check_status = '', scur = '' }) => ({
    name: svname,
    backend: pxname,
    status,
    check: check_status,
    sessions: Number(scur),
  }));
}

/** Reads the answer to `show stat`, CSV with a heading (HAProxy management.txt, 9.1): a row's cells by their heading. */
export function parseStats(csv: string): Readonly<Record<string, string | undefined>>[] {
  const [heading = '', ...rows] = csv.split('\n').filter((line) => line !== '');
  const names = heading.replace(/^# /, '').split(',');
  return rows.map((row) => {
    const cells = row.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i]]));
  });
}
