/** What a lab does all the time by itself, without any traffic: in a guest, all of it on one processor. Pure. */
import type { KindTable, Plan, Upkeep } from './types.ts';

export interface GroupUpkeep extends Omit<Upkeep, 'msEach'> {
  readonly group: string;
  /** Of the one processor of a guest. */
  readonly share: number;
}

/** Group by group, in the order of the file. */
export function upkeepOf({ nodes }: Plan, kinds: KindTable): readonly GroupUpkeep[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Map<string, GroupUpkeep>();
  for (const node of nodes) {
    for (const { what, key, perSecond, msEach } of kinds[node.kind]?.upkeep?.(node, byName) ?? []) {
      if (perSecond === 0) continue;
      const id = `${node.group} ${what}`;
      const before = found.get(id) ?? { group: node.group, what, key, perSecond: 0, share: 0 };
      found.set(id, {
        ...before,
        perSecond: before.perSecond + perSecond,
        share: before.share + (perSecond * msEach) / 1000,
      });
    }
  }
  return [...found.values()];
}

/** What to say to somebody who is about to bring the lab up in a guest; undefined if it leaves time for traffic. */
export function upkeepWarning(plan: Plan, kinds: KindTable): string | undefined {
  const all = upkeepOf(plan, kinds);
  const share = all.reduce((sum, each) => sum + each.share, 0);
  if (share <= mostShare) return undefined;
  const [most, ...others] = [...all].sort((a, b) => b.share - a.share);
  if (most === undefined) return undefined;
  const told = [most, ...others.filter((each) => each.share > share / 4)].map(
    (each) => `${describeRate(each.perSecond)} ${each.what} a second of ${each.group} (${each.key})`,
  );
  return (
    `without any traffic this takes ${describeShare(share)} of a guest's processor: ${told.join(', ')}. ` +
    'Longer intervals, or fewer nodes, make it less'
  );
}

/** With more there is little left for daemons to start, and for traffic. */
const mostShare = 0.7;

export const describeShare = (share: number): string => `${Math.round(100 * share).toLocaleString('en')} %`;

export const describeRate = (perSecond: number): string =>
  perSecond.toLocaleString('en', { maximumFractionDigits: perSecond < 10 ? 1 : 0 });
