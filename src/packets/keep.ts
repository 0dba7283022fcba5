/** Packets of the flows that were in trouble, a file each: what is left of the rings when a run is over. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endpoint } from '../base/ip.ts';
import type { Report } from '../base/progress.ts';
import type { Plan } from '../topology/types.ts';
import type { PacketsEvent } from '../verdict/history.ts';
import { cutFlows, type FlowPacket } from './cut.ts';
import { description, packet, section } from './pcapng.ts';
import type { KeptRings } from './rings.ts';
import { flagFin, flagRst } from './segment.ts';
import type { WantedFlow } from './whose.ts';

/** A flow that broke or stalled, and from when to when it was in trouble; ms since the epoch. */
export type FlowInTrouble = WantedFlow;

export interface KeepOptions {
  readonly plan: Plan;
  /** Folder of the run. */
  readonly runDirectory: string;
  /** Name of the folder in there that is made for the files. */
  readonly folder: string;
  /** Flows of each traffic, the first in trouble. */
  readonly most: number;
  /** Program and version. */
  readonly application: string;
  readonly now: () => number;
  readonly report: Report;
}

/**
 * Cuts the flows out of the rings. It says how many, and what is missing; where nothing was in trouble nothing is kept.
 * @returns an event for each file
 * @throws Error if a file cannot be written; none is left then
 */
export async function keepPackets(
  { rings, clockAheadMs, trouble }: KeptRings,
  troubled: readonly FlowInTrouble[],
  { plan, runDirectory, folder, most, application, now, report }: KeepOptions,
): Promise<PacketsEvent[]> {
  const warn = (message: string): void => report({ type: 'warning', message });
  if (trouble !== undefined) warn(`packets were not kept to the end: ${trouble}`);
  for (const { network, missed } of rings)
    if (missed > 0) warn(`${missed} packets on ${network} were missed: too many came at once`);
  if (troubled.length === 0) {
    report({ type: 'step', message: 'no flow broke or stalled: no packets are kept' });
    return [];
  }
  const wanted = firstOfEach(troubled, most).map((flow) => ({
    ...flow,
    fromMs: flow.fromMs - beforeMs,
    toMs: flow.toMs + afterMs,
  }));
  const { packets, firstMs } = await cutFlows(rings, wanted, plan, clockAheadMs);
  for (const [i, { network, isCut }] of rings.entries()) {
    const lacking = wanted.filter(({ fromMs }) => isCut && fromMs < (firstMs[i] ?? 0)).length;
    if (lacking > 0)
      warn(`the ring of ${network} was too small: the beginning of ${lacking} flows is missing`);
  }
  const directory = join(runDirectory, folder);
  await mkdir(directory, { mode: 0o700 });
  try {
    const events: PacketsEvent[] = [];
    for (const flow of wanted) {
      const seen = packets.get(flow);
      if (seen === undefined) continue;
      const file = `${folder}/${flow.traffic}-${flow.flow}.pcapng`;
      await writeFile(join(runDirectory, file), capture(seen, application));
      const client = endpoint(flow.address, flow.port);
      events.push({ type: 'packets', t: now(), client, file, packets: seen.length, ...summary(seen) });
    }
    const more = wanted.length < troubled.length ? ' (--pcap-flows all: of all)' : '';
    const message = `packets of ${events.length} of ${troubled.length} flows kept in ${directory}${more}`;
    report({ type: 'step', message });
    return events;
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Of what was well just before, and what came of it. */
const beforeMs = 3000;
const afterMs = 2000;

function firstOfEach(flows: readonly FlowInTrouble[], most: number): readonly FlowInTrouble[] {
  const counts = new Map<string, number>();
  return flows.filter(({ traffic }) => {
    const count = (counts.get(traffic) ?? 0) + 1;
    counts.set(traffic, count);
    return count <= most;
  });
}

/** An interface description for each node's interface, in the order in which the packets came by there. */
function capture(packets: readonly FlowPacket[], application: string): Buffer {
  const nameOf = (one: FlowPacket): string => `${one.node}:${one.interface}`;
  const names = [...new Set(packets.map(nameOf))];
  const facts = { linkType: linkTypeEthernet, snapLength: 0, exponent: 9 };
  return Buffer.concat([
    section(application),
    ...names.map((name) => description({ name, ...facts })),
    ...packets.map((one) => packet({ ...one, interface: names.indexOf(nameOf(one)) })),
  ]);
}

const linkTypeEthernet = 1;

/** Who was seen to have it, and who ended the client's connection: whoever sent the first RST; without one, the first FIN. */
function summary(packets: readonly FlowPacket[]): Pick<PacketsEvent, 'nodes' | 'ended'> {
  const nodes = [...new Set(packets.map(({ node }) => node))];
  const firstSent = (flag: number): FlowPacket | undefined =>
    packets.find(
      ({ isOnward, direction, segment }) => !isOnward && direction === 'sent' && (segment.flags & flag) !== 0,
    );
  const rst = firstSent(flagRst);
  const end = rst ?? firstSent(flagFin);
  if (end === undefined) return { nodes };
  return { nodes, ended: { by: end.node, with: rst === undefined ? 'FIN' : 'RST' } };
}
