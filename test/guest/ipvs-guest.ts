import { formatAddress } from '../../src/base/ip.ts';
import { seeded } from '../../src/base/random.ts';
import type { Host } from '../../src/hosts/contract.ts';

export interface Flow {
  readonly address: string;
  readonly port: number;
}

export const vip = '198.51.100.1';

/** Different flows from 203.0.0.0/16, always the same. */
export function flowsOf(count: number): readonly Flow[] {
  const random = seeded(7, 'flows');
  const flows = new Map<string, Flow>();
  while (flows.size < count) {
    const flow = { address: formatAddress(0xcb000000 + random.integer(65_536)), port: 1024 + random.integer(64_000) };
    flows.set(`${flow.address}:${flow.port}`, flow);
  }
  return [...flows.values()];
}

/** Runs a shell script; every line of it must succeed. */
export async function script(host: Host, text: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.exec(['sh', '-e'], { input: text, timeoutMs: 60_000 });
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr}`);
  return stdout;
}

/** Sends the first packet (SYN) of each flow to the VIP, from a namespace that owns none of the addresses. */
export async function sendSyns(host: Host, netns: string, port: number, flows: readonly Flow[]): Promise<void> {
  const list = flows.map((flow) => `${flow.address} ${flow.port}`).join('\n');
  const { exitCode, stderr } = await host.exec(
    ['ip', 'netns', 'exec', netns, 'perl', '-e', sender, vip, String(port)],
    { input: `${list}\n`, timeoutMs: 60_000 },
  );
  if (exitCode !== 0) throw new Error(`sender: ${stderr}`);
}

/** The server that IPVS in a namespace chose, by `address:port` of the client. */
export async function choices(host: Host, netns: string, port: number): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await host.exec(['ip', 'netns', 'exec', netns, 'cat', '/proc/net/ip_vs_conn']);
  const chosen = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [protocol, client = '', clientPort = '', , servicePort = '', server = ''] = line.trim().split(/ +/);
    if (protocol !== 'TCP' || Number.parseInt(servicePort, 16) !== port) continue;
    chosen.set(`${readAddress(client)}:${Number.parseInt(clientPort, 16)}`, readAddress(server));
  }
  return chosen;
}

const readAddress = (hex: string): string => formatAddress(Number.parseInt(hex, 16));

/** The kernel fills in length and checksum of the IP header; nobody looks at TCP's checksum on the way. */
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
