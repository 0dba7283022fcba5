/** Finds the packets of a few flows among all that the switches of a lab saw. */
import type { Plan } from '../topology/types.ts';
import type { SwitchFrame } from './ring-file.ts';
import { type End, endOf, flagSyn, type Segment, segmentOf } from './segment.ts';

export interface WantedFlow {
  readonly traffic: string;
  /** Number in its traffic. */
  readonly flow: number;
  readonly address: string;
  readonly port: number;
  readonly servicePort: number;
  /** What passed within is wanted, and the handshake whenever it was: ms since the epoch, by our clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A packet of a flow, as the node at the end of the cable saw it. */
export interface FlowPacket {
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
  const flows = new Map(wanted.map((flow) => [endOf(flow.address, flow.port), flow]));
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
        const flow = segment === undefined ? undefined : ownerOf(segment, flows);
        if (flow === undefined || segment === undefined) continue;
        if ((ms < flow.fromMs || ms > flow.toMs) && (segment.flags & flagSyn) === 0) continue;
        taken.push({ flow, segment, frame: { ...frame, data: Buffer.from(frame.data) } });
      }
    }
    firstMs.push(first);
    for (const { flow, segment, frame } of taken) {
      const place = placeOf(frame, places, ports);
      if (place === undefined) continue;
      const packets = found.get(flow) ?? [];
      found.set(flow, packets);
      packets.push({
        ...place,
        direction: frame.isToNode ? 'received' : 'sent',
        ticks: ticksOf(frame, clockAheadMs),
        segment,
        originalLength: frame.originalLength,
        data: frame.data,
      });
    }
  }
  for (const packets of found.values()) packets.sort((a, b) => Number(a.ticks - b.ticks));
  return { packets: found, firstMs };
}

interface Taken {
  readonly flow: WantedFlow;
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

/** The client's address and port are nobody else's; a balancer that translates puts a proxy's address in the VIP's place. */
function ownerOf(
  { source, destination }: Segment,
  flows: ReadonlyMap<End, WantedFlow>,
): WantedFlow | undefined {
  const isOf = (flow: WantedFlow | undefined, other: End): boolean =>
    flow !== undefined && other.endsWith(`:${flow.servicePort}`);
  const [sender, receiver] = [flows.get(source), flows.get(destination)];
  if (isOf(sender, destination)) return sender;
  return isOf(receiver, source) ? receiver : undefined;
}

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
