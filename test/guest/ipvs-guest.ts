/** A namespace of clients, and packets of theirs for IPVS elsewhere in the guest to choose servers for. */
import { hashSeed } from '../../src/base/hash-seed.ts';
import { formatAddress } from '../../src/base/ip.ts';
import { seeded } from '../../src/base/random.ts';
import type { Host } from '../../src/hosts/contract.ts';

export interface Flow {
  readonly address: string;
  readonly port: number;
}

/** Namespace of the clients. */
export const clients = 'clients';

export const nameOf = ({ address, port }: Flow): string => `${address}:${port}`;

/** Different flows from 203.0.0.0/16, always the same. */
export function flowsOf(count: number, stream = 'flows'): readonly Flow[] {
  const random = seeded(7, stream);
  const flows = new Map<string, Flow>();
  while (flows.size < count) {
    const address = formatAddress({ family: 'ipv4', value: BigInt(0xcb00_0000 + random.integer(65_536)) });
    const flow = { address, port: 1024 + random.integer(64_000) };
    flows.set(nameOf(flow), flow);
  }
  return [...flows.values()];
}

/** Runs a shell script of which every line must succeed. */
export async function script(host: Host, lines: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await host.exec(['sh', '-e'], { input: lines.join('\n'), timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
}

/** A namespace behind a cable: its end is `cable`, with `address`/30; the other end has the name of the new namespace. */
export function behind(from: string, name: string, addresses: readonly [string, string]): string[] {
  const [near, far] = addresses;
  return [
    `ip netns add ${name}`,
    `ip -n ${from} link add ${name} type veth peer name cable netns ${name}`,
    `ip -n ${from} address add ${near}/30 dev ${name}`,
    `ip -n ${name} address add ${far}/30 dev cable`,
    `ip -n ${from} link set ${name} up`,
    `ip -n ${name} link set cable up`,
    `ip -n ${name} link set lo up`,
    `ip netns exec ${name} sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.cable.rp_filter=0`,
    hashAsInLabs(name),
  ];
}

/** The key of a router's hash, where the kernel lets one choose. */
export const hashAsInLabs = (name: string): string =>
  `ip netns exec ${name} sysctl -e -q -w ${hashSeed.path}=${hashSeed.value}`;

/** What makes a namespace an L4 node for 198.51.100.0/24, with servers in 10.0.0.0/8 that take everything and say nothing. */
export function balancer(name: string): string[] {
  return [
    `ip -n ${name} route add local 198.51.100.0/24 dev lo`,
    `ip -n ${name} link add servers type dummy`,
    `ip -n ${name} link set servers up arp off`,
    `ip -n ${name} route add 10.0.0.0/8 dev servers`,
  ];
}

/**
 * Sends the first packet (SYN) of each flow, from a namespace that owns none of the addresses, and sees what IPVS makes of it.
 * Flows of which no balancer knows are sent again: a crowded guest drops packets. A flow that is known stays where it is.
 * @returns for each balancer the servers that it chose, by `address:port` of the client
 */
export async function sendFlows(
  host: Host,
  balancers: readonly string[],
  to: { readonly vip: string; readonly port: number },
  flows: readonly Flow[],
): Promise<readonly ReadonlyMap<string, string>[]> {
  const chosen = balancers.map(() => new Map<string, string>());
  const isMissing = (flow: Flow): boolean => !chosen.some((each) => each.has(nameOf(flow)));
  for (let round = 0; round < 5 && flows.some(isMissing); round++) {
    await sendSyns(host, to.vip, to.port, flows.filter(isMissing));
    for (const [i, netns] of balancers.entries()) await collect(host, netns, to, chosen[i] ?? new Map());
  }
  return chosen;
}

async function sendSyns(host: Host, vip: string, port: number, flows: readonly Flow[]): Promise<void> {
  const { exitCode, stderr } = await host.exec(
    ['ip', 'netns', 'exec', clients, 'perl', '-e', sender, vip, String(port)],
    { input: flows.map((flow) => `${flow.address} ${flow.port}\n`).join(''), timeoutMs: 60_000 },
  );
  if (exitCode !== 0) throw new Error(`sender: ${stderr}`);
}

async function collect(
  host: Host,
  netns: string,
  { vip, port }: { readonly vip: string; readonly port: number },
  chosen: Map<string, string>,
): Promise<void> {
  const { stdout } = await host.exec(['ip', 'netns', 'exec', netns, 'cat', '/proc/net/ip_vs_conn']);
  for (const line of stdout.split('\n').slice(1)) {
    const [, client = '', from = '', service = '', servicePort = '', server = ''] = line.trim().split(/ +/);
    if (service === '' || readAddress(service) !== vip || Number.parseInt(servicePort, 16) !== port) continue;
    chosen.set(`${readAddress(client)}:${Number.parseInt(from, 16)}`, readAddress(server));
  }
}

const readAddress = (hex: string): string => formatAddress({ family: 'ipv4', value: BigInt(`0x${hex}`) });

/** The kernel fills in the length and checksum of the IP header; nobody looks at TCP's checksum on the way. */
const sender = `
use Socket;
my ($vip, $port) = @ARGV;
socket(my $raw, PF_INET, SOCK_RAW, 255) or die "socket: $!";
my $to = sockaddr_in(0, inet_aton($vip));
while (<STDIN>) {
  my ($source, $from) = split;
  my $tcp = pack('nnNNCCnnn', $from, $port, 1, 0, 0x50, 0x02, 8192, 0, 0);
  my $ip = pack('CCnnnCCna4a4', 0x45, 0, 40, 0, 0, 64, 6, 0, inet_aton($source), inet_aton($vip));
  send($raw, $ip . $tcp, 0, $to) == 40 or die "send: $!";
}`;
