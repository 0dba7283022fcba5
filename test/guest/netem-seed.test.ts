/** Which packets netem hits follows from the seed, where kernel and `tc` take one; where they do not, the fault says so. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namespacePerl } from '../../src/base/namespace-perl.ts';
import { netemCommands } from '../../src/faults/link-netem.ts';
import type { Host } from '../../src/hosts/contract.ts';
import { openGuest } from './guest-programs.ts';
import { script } from './ipvs-guest.ts';

let host: Host;
let close: () => Promise<void> = async () => {};

/** A cable on which nobody says anything of himself: packet n is the nth that netem sees. */
beforeAll(async () => {
  ({ host, close } = await openGuest(['veth', 'sch_netem']));
  await script(host, [
    ...['left', 'right'].flatMap((name) => [
      `ip netns add ${name}`,
      `ip netns exec ${name} sysctl -e -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1`,
    ]),
    'ip -n left link add cable type veth peer name cable netns right',
    'ip -n left address add 192.0.2.1/30 dev cable',
    'ip -n right address add 192.0.2.2/30 dev cable',
    'ip -n left link set cable up arp off',
    'ip -n right link set cable up arp off address 02:00:00:00:00:02',
    'ip -n left neigh replace 192.0.2.2 lladdr 02:00:00:00:00:02 dev cable nud permanent',
  ]);
});

afterAll(() => close());

test.for([
  ['lost', { loss: 0.3 }],
  ['lost in bursts', { loss: 0.3, burst: 5 }],
  ['doubled', { duplicate: 0.3 }],
] as const)(
  'the same packets are %s with the same seed, others with another (needs Linux 6.6 and a tc as new)',
  async ([, effect], context) => {
    const first = await hits(effect, 42);
    context.skip(
      !first.isSeeded,
      `netem of the guest's kernel ${first.kernel}, or this machine's tc, takes no seed`,
    );
    const count = first.packets.length;
    expect(count).toBeGreaterThan(0.2 * sent);
    expect(count).toBeLessThan(0.4 * sent);
    expect((await hits(effect, 42)).packets).toEqual(first.packets);
    expect((await hits(effect, 43)).packets).not.toEqual(first.packets);
  },
);

const sent = 500;

/** Sends packets over the cable with that netem on it. @returns the numbers of those that did not come just once */
async function hits(
  effect: Parameters<typeof netemCommands>[2],
  seed: number,
): Promise<{ packets: readonly number[]; isSeeded: boolean; kernel: string }> {
  const devices = [{ netns: 'left', device: 'cable', direction: 'from-node' }] as const;
  await script(host, netemCommands('a-node:a-network', devices, effect, seed));
  const said = await host.exec(['sh', '-c', 'tc -n left qdisc show dev cable; uname -r']);
  const [qdisc = '', kernel = ''] = said.stdout.split('\n');
  const { stdout, stderr } = await host.exec(['perl', '-e', sender, String(sent)]);
  if (stderr !== '') throw new Error(stderr);
  const times = stdout.trim().split(' ').map(Number);
  return {
    packets: times.flatMap((each, n) => (each === 1 ? [] : [n])),
    isSeeded: qdisc.includes(' seed '),
    kernel,
  };
}

/** Says of each packet how often it came. UDP: nothing is sent again. */
const sender = `${namespacePerl}
use Socket;
my ($sent) = @ARGV;
enter('right', '/run/netns/right');
socket(my $in, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
bind($in, sockaddr_in(9, INADDR_ANY)) or die "bind: $!";
enter('left', '/run/netns/left');
socket(my $out, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
my $to = sockaddr_in(9, inet_aton('192.0.2.2'));
my @times = (0) x $sent;
for my $n (0 .. $sent - 1) {
  send($out, pack('N', $n), 0, $to) or die "send: $!";
  hear() if $n % 20 == 0;
}
select(undef, undef, undef, 0.2);
hear();
print join(' ', @times), "\\n";

sub hear {
  while (defined recv($in, my $text, 64, MSG_DONTWAIT)) { $times[unpack('N', $text)]++ }
}`;
