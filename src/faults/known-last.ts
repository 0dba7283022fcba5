import { until } from '../base/until.ts';
import type { Routing } from '../kinds/contract.ts';
import { type LiveLab, ledgerEntries, untilItLeadsOn } from '../lab/index.ts';
import type { PlannedNode } from '../topology/types.ts';
import { explain } from './act.ts';
import type { Landed } from './contract.ts';

/**
 * Boots a node. A router hears of its next hops one after another, so it is made known to those before it when it knows them all, as
 * one that joins is: else flows would come by the one that it heard of first, and a moment later by another one.
 */
export async function knownLast(
  lab: LiveLab,
  node: PlannedNode,
  boot: () => Promise<Landed>,
): Promise<Landed> {
  const routing = await withholding(lab, node);
  if (routing === undefined) return boot();
  await routing.setVips(lab.view(node), false);
  const booted = await boot();
  await untilItLeadsOn(lab, node);
  await makeKnown(lab, node);
  return booted;
}

/** Also where whoever booted it was killed before it came to that. */
export async function makeKnown(lab: LiveLab, node: PlannedNode): Promise<void> {
  const routing = await withholding(lab, node);
  if (routing === undefined) return;
  const view = lab.view(node);
  await routing.setVips(view, true);
  await until(
    () =>
      routing.reconfigure(view).then(
        () => ({ ok: true, saw: '' }),
        (error: unknown) => ({ ok: false, saw: explain(error) }),
      ),
    { withinMs: 10_000, everyMs: 50, why: `${node.name} to announce the VIPs` },
  );
}

/** How it can keep the VIPs to itself; undefined if it is no router, or does so anyway. */
async function withholding(lab: LiveLab, node: PlannedNode): Promise<Routing | undefined> {
  const { leadsOn, routing } = lab.kindOf(node);
  return leadsOn === undefined || (await isWithheld(lab, node)) ? undefined : routing;
}

/** Is it drained, or has it withdrawn the VIPs? It keeps that to itself also when it boots. */
const isWithheld = async (lab: LiveLab, { name }: PlannedNode): Promise<boolean> =>
  (await ledgerEntries(lab.paths)).some(
    ({ fault, nodes }) => (fault === 'drain' || fault === 'vip.withdraw') && nodes.includes(name),
  );
