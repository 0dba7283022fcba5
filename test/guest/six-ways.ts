/** A router of IPv6 with next hops in namespaces of their own, and real connections over it that say where they end. */
import type { Host } from '../../src/hosts/contract.ts';
import { type Flow, hashAsInLabs, script } from './ipvs-guest.ts';

export const sixRouter = 'r6';
const vip = '2001:db8::1';
/** By their addresses, as routers have them. */
export const sixHops = ['d1', 'd2', 'd3'] as const;

export const sixFlows = (count: number): readonly Flow[] =>
  Array.from({ length: count }, (_, i) => ({
    address: `2001:db8:1::${(i % 200) + 1}`,
    port: 20_000 + 7 * i,
  }));

export const asked = (flows: readonly Flow[]) => flows.map((flow) => ({ ...flow, vip, vipPort: 80 }));

export async function layOut(host: Host): Promise<void> {
  const names = ['c6', sixRouter, ...sixHops];
  const six = 'net.ipv6.conf';
  await script(host, [
    ...names.flatMap((name) => [
      `ip netns del ${name} 2>/dev/null || true`,
      `ip netns add ${name}`,
      `ip netns exec ${name} sysctl -q -w ${six}.all.disable_ipv6=0 ${six}.default.disable_ipv6=0 ${six}.default.accept_dad=0`,
      `ip -n ${name} link set lo up`,
    ]),
    ...['c6', ...sixHops].flatMap((name, i) => [
      `ip -n ${sixRouter} link add to-${name} type veth peer name cable netns ${name}`,
      `ip -n ${sixRouter} address add 2001:db8:${i + 10}::1/64 dev to-${name} nodad`,
      `ip -n ${name} address add 2001:db8:${i + 10}::2/64 dev cable nodad`,
      `ip -n ${sixRouter} link set to-${name} up`,
      `ip -n ${name} link set cable up`,
      `ip -n ${name} -6 route add default via 2001:db8:${i + 10}::1`,
    ]),
    'ip -n c6 -6 route add local 2001:db8:1::/64 dev lo',
    'ip netns exec c6 sysctl -q -w net.ipv6.ip_nonlocal_bind=1',
    `ip -n ${sixRouter} -6 route add 2001:db8:1::/64 via 2001:db8:10::2`,
    `ip netns exec ${sixRouter} sysctl -q -w ${six}.all.forwarding=1 net.ipv6.fib_multipath_hash_policy=3`,
    hashAsInLabs(sixRouter),
    ...sixHops.flatMap((name) => [
      `ip -n ${name} address add ${vip}/128 dev lo nodad`,
      `ip netns exec ${name} perl -e '${listener}' ${name} </dev/null >/dev/null 2>&1 &`,
    ]),
  ]);
}

/** Where connections of these flows end while the router has that mask. @returns names, in the flows' order */
export async function endsOf(host: Host, flows: readonly Flow[], mask: number): Promise<readonly string[]> {
  const hops = sixHops.map((_, i) => `nexthop via 2001:db8:${i + 11}::2`);
  await script(host, [
    `ip netns exec ${sixRouter} sysctl -q -w net.ipv6.fib_multipath_hash_fields=${mask}`,
    `ip -n ${sixRouter} -6 route replace ${vip}/128 ${hops.join(' ')}`,
  ]);
  const { stdout, stderr } = await host.exec(['ip', 'netns', 'exec', 'c6', 'perl', '-e', caller], {
    input: flows.map(({ address, port }) => `${address} ${port}\n`).join(''),
    timeoutMs: 60_000,
  });
  if (stderr !== '') throw new Error(stderr);
  return stdout.trim().split('\n');
}

/** Says its name to whoever connects. */
const listener = `use Socket qw(:all);
socket(my $all, PF_INET6, SOCK_STREAM, 0) or die;
setsockopt($all, SOL_SOCKET, SO_REUSEADDR, 1);
bind($all, pack_sockaddr_in6(80, inet_pton(AF_INET6, "::"))) or die;
listen($all, 500) or die;
while (accept(my $one, $all)) { syswrite($one, "$ARGV[0]\\n"); close($one) }`;

const caller = `use Socket qw(:all);
while (<STDIN>) {
  my ($address, $port) = split;
  socket(my $one, PF_INET6, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($one, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($one, pack_sockaddr_in6($port, inet_pton(AF_INET6, $address))) or die "bind $address: $!";
  connect($one, pack_sockaddr_in6(80, inet_pton(AF_INET6, "${vip}"))) or die "connect from $address: $!";
  print scalar(<$one>);
}`;
