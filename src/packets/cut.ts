/** Finds the packets of a few flows among all that the switches of a lab saw. */
import type { Plan } from '../topology/types.ts';
import type { SwitchFrame } from './ring-file.ts';
import { flagFin, flagRst, flagSyn, type Segment, segmentOf } from './segment.ts';
import { type Connection, connectionsOf, ownerOf, type WantedFlow } from './whose.ts';

/** A packet of a flow, as the node at the end of the cable saw it. */
export interface FlowPacket {
  /** Of the connection from the L7 to the backend, not of the client's. */
  readonly isOnward: boolean;
  readonly node: string;
  /** The node's interface. */
  readonly interface: string;
  readonly direction: 'sent' | 'received';
  /** Nanoseconds since the epoch, by our clock. */
  readonly ticks: bigint;
  readonly segment: Segment;
  readonly originalLength: number;
  readonly data: Buffer;
}

export interface SwitchRing {
  /** Frames by the lab's clock, in order. */
  readonly frames: AsyncIterable<readonly SwitchFrame[]>;
}

export interface CutFlows {
  /** By flow, in order of time; none: absent. */
  readonly packets: ReadonlyMap<WantedFlow, readonly FlowPacket[]>;
  /** When each switch's first frame came, ms since the epoch by our clock; infinite: it has none. */
  readonly firstMs: readonly number[];
}

/** @param clockAheadMs by how much the lab's clock is ahead of ours */
export async function cutFlows(
  rings: readonly SwitchRing[],
  wanted: readonly WantedFlow[],
  plan: Plan,
  clockAheadMs: number,
): Promise<CutFlows> {
  const connections = connectionsOf(wanted);
  const places = placesOf(plan);
  const found = new Map<WantedFlow, FlowPacket[]>();
  const firstMs: number[] = [];
  for (const { frames } of rings) {
    const taken: Taken[] = [];
    const ports = new Map<number, string>();
    let first = Number.POSITIVE_INFINITY;
    for await (const some of frames) {
      for (const frame of some) {
        const ms = frame.seconds * 1000 + frame.nanoseconds / 1e6 - clockAheadMs;
        first = Math.min(first, ms);
        learnPort(ports, places, frame);
        const segment = segmentOf(frame.data);
        const connection = segment === undefined ? undefined : ownerOf(segment, connections);
        if (connection === undefined || segment === undefined) continue;
        if (!isWanted(ms, segment, connection)) continue;
        taken.push({ connection, segment, frame: { ...frame, data: Buffer.from(frame.data) } });
      }
    }
    firstMs.push(first);
    for (const { connection, segment, frame } of taken) {
      const { flow, isOnward } = connection;
      const place = placeOf(frame, places, ports);
      if (place === undefined) continue;
      const packets = found.get(flow) ?? [];
      found.set(flow, packets);
      packets.push({
        ...place,
        isOnward,
        direction: frame.isToNode ? 'received' : 'sent',
        ticks: ticksOf(frame, clockAheadMs),
        segment,
        originalLength: frame.originalLength,
        data: frame.data,
      });
    }
  }
  for (const [flow, packets] of found) found.set(flow, ofThisFlow(packets));
  return { packets: found, firstMs };
}

/** In order. An earlier connection may have had the ends of the onward one: that begins after the client's. */
function ofThisFlow(packets: FlowPacket[]): FlowPacket[] {
  packets.sort((a, b) => Number(a.ticks - b.ticks));
  const begin = packets.findIndex(({ isOnward }) => !isOnward);
  return begin < 0 ? packets : packets.slice(begin);
}

/** A client's connection ends in its time of trouble. The onward one may end long after: its proxy has to notice first. */
function isWanted(ms: number, { flags }: Segment, { flow, isOnward }: Connection): boolean {
  const always = isOnward ? flagSyn | flagFin | flagRst : flagSyn;
  return (flags & always) !== 0 || (ms >= flow.fromMs && ms <= flow.toMs);
}

interface Taken {
  readonly connection: Connection;
  readonly segment: Segment;
  readonly frame: SwitchFrame;
}

/** An interface of a node. */
type Place = Pick<FlowPacket, 'node' | 'interface'>;

/** By MAC, as hexadecimal digits. */
const placesOf = (plan: Plan): ReadonlyMap<string, Place> =>
  new Map(
    plan.nodes.flatMap(({ name: node, interfaces }) =>
      interfaces.map(({ name, mac }) => [mac.replaceAll(':', ''), { node, interface: name }]),
    ),
  );

/** Who sends through a port is at its other end. Port numbers are not used twice. */
function learnPort(
  ports: Map<number, string>,
  places: ReadonlyMap<string, Place>,
  { port, isToNode, data }: SwitchFrame,
): void {
  if (isToNode || ports.has(port)) return;
  const mac = data.toString('hex', 6, 12);
  if (places.has(mac)) ports.set(port, mac);
}

/** A switch that does not know where a node is sends its frames to all: only the node itself receives them. */
function placeOf(
  { port, isToNode, data }: SwitchFrame,
  places: ReadonlyMap<string, Place>,
  ports: ReadonlyMap<number, string>,
): Place | undefined {
  if (!isToNode) return places.get(data.toString('hex', 6, 12));
  const mac = data.toString('hex', 0, 6);
  const known = ports.get(port);
  const isThere = known === undefined ? ![...ports.values()].includes(mac) : known === mac;
  return isThere ? places.get(mac) : undefined;
}

const ticksOf = ({ seconds, nanoseconds }: SwitchFrame, clockAheadMs: number): bigint =>
  BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) - BigInt(Math.round(clockAheadMs * 1e6));
