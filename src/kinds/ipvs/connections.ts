/**
 * The connection table of a node: /proc/net/ip_vs_conn, in hexadecimal, one line an entry (IPv6 in groups; Linux
 * net/netfilter/ipvs/ip_vs_conn.c, ip_vs_conn_seq_show).
 */
import { readable } from './servers.ts';

export interface Connection {
  readonly protocol: string;
  readonly client: string;
  readonly clientPort: number;
  readonly vip: string;
  readonly port: number;
  readonly server: string;
  readonly state: string;
  /** Seconds until the entry goes, if no packet comes. */
  readonly expires: number;
}

export function parseConnections(text: string): Connection[] {
  return text
    .split('\n')
    .map((line) => entry.exec(line))
    .filter((found) => found !== null)
    .map(
      ([
        ,
        protocol = '',
        client = '',
        clientPort = '',
        vip = '',
        port = '',
        server = '',
        state = '',
        expires = '',
      ]) => ({
        protocol,
        client: readable(client),
        clientPort: Number.parseInt(clientPort, 16),
        vip: readable(vip),
        port: Number.parseInt(port, 16),
        server: readable(server),
        state,
        expires: Number(expires),
      }),
    );
}

/**
 * Seconds since the entry's last packet: each packet winds the entry's timer up to its state's timeout.
 * @param own those that the topology sets, in seconds
 */
export function idleSeconds(
  { state, expires }: Connection,
  own: { readonly ESTABLISHED: number; readonly FIN_WAIT: number },
): number {
  const all: Readonly<Record<string, number>> = { ...timeouts, ...own };
  return Math.max(0, (all[state] ?? expires) - expires);
}

const entry =
  /^(\w+) +([\dA-F:]+) ([\dA-F]{4}) ([\dA-F:]+) ([\dA-F]{4}) ([\dA-F:]+) [\dA-F]{4} (\w+) +(\d+)/i;

/** Seconds: Linux net/netfilter/ipvs/ip_vs_proto_tcp.c, tcp_timeouts. Nothing changes those of other states. */
const timeouts: Readonly<Record<string, number>> = {
  NONE: 2,
  SYN_SENT: 2 * 60,
  SYN_RECV: 60,
  TIME_WAIT: 2 * 60,
  CLOSE: 10,
  CLOSE_WAIT: 60,
  LAST_ACK: 30,
  LISTEN: 2 * 60,
  SYNACK: 2 * 60,
};
