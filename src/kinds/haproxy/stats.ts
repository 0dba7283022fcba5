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

/** Reads the answer to `show stat -1 4 -1`: CSV with a heading (HAProxy management.txt, 9.1). */
export function parseServers(csv: string): ServerState[] {
  const [heading = '', ...rows] = csv.split('\n').filter((line) => line !== '');
  const names = heading.replace(/^# /, '').split(',');
  const column = (cells: readonly string[], name: string): string => cells[names.indexOf(name)] ?? '';
  return rows.map((row) => {
    const cells = row.split(',');
    return {
      name: column(cells, 'svname'),
      backend: column(cells, 'pxname'),
      status: column(cells, 'status'),
      check: column(cells, 'check_status'),
      sessions: Number(column(cells, 'scur')),
    };
  });
}
