import { addressesOf } from '../base/families.ts';
import type { DaemonStatus, LiveLab } from '../lab/index.ts';
import type { PlannedNode } from '../topology/index.ts';

export interface NodeStatus {
  readonly node: string;
  readonly kind: string;
  /** `up`; `frozen`: its daemons are stopped; `down`: a daemon is dead. */
  readonly state: 'up' | 'frozen' | 'down';
  readonly addresses: readonly string[];
  readonly daemons: readonly DaemonStatus[];
  readonly facts: readonly string[];
}

/** Asks a node how it is. One that does not answer is a fact too. */
export async function statusOf(live: LiveLab, node: PlannedNode): Promise<NodeStatus> {
  const daemons = await live.daemons(node);
  const shared = await live
    .kindOf(node)
    .shared?.state(live.view(node))
    .catch(() => 'crashed' as const);
  const dead = daemons.some(({ state }) => state === 'dead') || shared === 'crashed';
  const frozen = daemons.some(({ state }) => state === 'stopped') || shared === 'frozen';
  const state = dead ? 'down' : frozen ? 'frozen' : 'up';
  const facts =
    state === 'up'
      ? await live.stats(node).then(
          (stats) => stats?.facts ?? [],
          (error: unknown) => [`does not answer: ${String((error as Error).message)}`],
        )
      : [];
  return {
    node: node.name,
    kind: node.kind,
    state,
    addresses: node.interfaces.flatMap(addressesOf).map(({ address }) => address),
    daemons,
    facts,
  };
}
