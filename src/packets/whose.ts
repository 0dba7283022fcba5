/** Tells of which flow a segment is: of the client's own connection, or of the one by which its L7 passes it on. */
import { groupBy } from '../base/group-by.ts';
import { parseEndpoint } from '../base/ip.ts';
import { type End, endOf, type Segment } from './segment.ts';

export interface WantedFlow {
  readonly traffic: string;
  /** Number in its traffic. */
  readonly flow: number;
  readonly address: string;
  readonly port: number;
  readonly servicePort: number;
  /** The connection by which its L7 passes it on to a backend: `address:port` of both. */
  readonly onward?: { readonly from: string; readonly to: string };
  /** What passed within is wanted, the handshakes and the end of the onward connection whenever they were: ms since the epoch, by our clock. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A TCP connection of a flow. */
export interface Connection {
  readonly flow: WantedFlow;
  readonly isOnward: boolean;
  /** The end that began it. */
  readonly opener: End;
  /** What the other end's name ends with. */
  readonly other: string;
}

/** By the end that began them. */
export type Connections = ReadonlyMap<End, readonly Connection[]>;

export const connectionsOf = (wanted: readonly WantedFlow[]): Connections =>
  groupBy(
    wanted.flatMap((flow) => [ownOf(flow), ...onwardOf(flow)]),
    ({ opener }) => [opener],
  );

export function ownerOf({ source, destination }: Segment, connections: Connections): Connection | undefined {
  const between = (opener: End, end: End): Connection | undefined =>
    connections.get(opener)?.find(({ other }) => end.endsWith(other));
  return between(source, destination) ?? between(destination, source);
}

/** The client's address and port are nobody else's; a balancer that translates puts a proxy's address in the VIP's place. */
const ownOf = (flow: WantedFlow): Connection => ({
  flow,
  isOnward: false,
  opener: endOf(flow.address, flow.port),
  other: `:${flow.servicePort}`,
});

/** A proxy's port may be in use towards several backends at a time: here both ends tell. */
function onwardOf(flow: WantedFlow): Connection[] {
  const [from, to] = [flow.onward?.from ?? '', flow.onward?.to ?? ''].map(parseEndpoint);
  if (from === undefined || to === undefined) return [];
  return [
    { flow, isOnward: true, opener: endOf(from.address, from.port), other: endOf(to.address, to.port) },
  ];
}
