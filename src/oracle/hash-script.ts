/**
 * Asks the kernel where in the range of their hash packets lie: `perl -e SCRIPT FAMILY MASK:PARTS …`, with a packet a line as input, in
 * hex (`hashFrame`). It makes a network namespace that nobody else sees and that is gone with it, in which a router
 * has as many next hops as the range is to have parts. The packets come in through one end of a cable, and leave for the MAC address of the next hop
 * that they were given. Says a line for each question: the part of each packet, from 0.
 *
 * The key of the hash is drawn once for the whole kernel (Linux net/core/flow_dissector.c, hashrnd) or the same in all of a lab's
 * namespaces (`hashSeed`), and all else that goes into it is in the packet and in the mask `fib_multipath_hash_fields`: what a
 * router with that mask would do is what happens here.
 */
import { hashSeed } from '../base/hash-seed.ts';
import { namespacePerl } from '../base/namespace-perl.ts';
import { entranceMac } from './hash-frame.ts';

/** A packet takes a few hundred microseconds, on a machine that has time for it. */
const patienceSeconds = 10;

export const hashScript = `${namespacePerl}
my ($packet, $raw, $sol_socket, $receive_timeout, $interface_index) = (17, 3, 1, 20, 0x8933);
my ($family, @questions) = @ARGV;
my $v4 = $family eq 'ipv4';
my ($type, $net, $number_at) = $v4 ? (0x0800, '169.254.77.', 38) : (0x86dd, 'fe80::77:', 58);
my @frames = map { chomp; pack('H*', $_) } <STDIN>;
my @parts = map { (split /:/)[1] } @questions;
my ($most) = sort { $b <=> $a } @parts;

syscall($number->{unshare}, $newnet) == 0 or die "cannot make a namespace: $!\\n";
ip('link add name one type veth peer name two address ${entranceMac}', 'link set one up', 'link set two up');
set("conf/$_/disable_ipv6", 0) for $v4 ? () : ('all', 'two');
ip(
  ($v4 ? "addr add \${net}254/24 dev two" : ()),
  map { sprintf('neigh replace %s lladdr 02:00:00:01:00:%02x dev two nud permanent', hop($_), $_) } 1 .. $most,
);
set('conf/all/forwarding', 1);
# Packets leave where they came in, and whoever sent them is on no network here.
for my $where ($v4 ? ('all', 'two') : ()) { set("conf/$where/$_", 0) for 'rp_filter', 'send_redirects' }
set('fib_multipath_hash_policy', 3);
my $seed = '/proc/sys/${hashSeed.path}';
write_to($seed, ${hashSeed.value}) if -e $seed;

socket(my $socket, $packet, $raw, 0) or die "cannot send packets: $!\\n";
my $request = pack('a16 x24', 'one');
ioctl($socket, $interface_index, $request) or die "no interface: $!\\n";
setsockopt($socket, $sol_socket, $receive_timeout, pack('qq', ${patienceSeconds}, 0)) or die "no patience: $!\\n";
bind($socket, pack('S n i S C C a8', $packet, $type, unpack('x16 i', $request), 0, 0, 0, '')) or die "cannot listen: $!\\n";

for my $question (@questions) {
  my ($mask, $parts) = split /:/, $question;
  set('fib_multipath_hash_fields', $mask);
  # In a batch a line may have 512 words.
  my @hops = map { ('nexthop', 'via', hop($_), 'dev', 'two') } 1 .. $parts;
  system('ip', $v4 ? '-4' : '-6', 'route', 'replace', 'default', @hops) == 0 or die "no route with $parts next hops\\n";
  print join(' ', map { ask($_) } 0 .. $#frames), "\\n";
}

# One at a time: nothing is dropped for want of room.
sub ask {
  my ($i) = @_;
  defined(send($socket, $frames[$i], 0)) or die "cannot send packet $i: $!\\n";
  while (1) {
    defined(recv($socket, my $answer, 2048, 0)) or die "packet $i did not come out: $!\\n";
    next unless length($answer) >= $number_at + 4 && unpack("x$number_at N", $answer) == $i;
    return unpack('x5 C', $answer) - 1;
  }
}

sub hop { return sprintf($v4 ? '%s%d' : '%s%x', $net, $_[0]) }

sub set {
  my ($name, $value) = @_;
  write_to("/proc/sys/net/$family/$name", $value);
}

sub write_to {
  my ($path, $value) = @_;
  open(my $file, '>', $path) or die "cannot write $path: $!\\n";
  print $file $value;
  close($file) or die "cannot write $path: $!\\n";
}

sub ip {
  open(my $ip, '|-', 'ip', $v4 ? '-4' : '-6', '-batch', '-') or die "cannot start ip: $!\\n";
  print $ip map { "$_\\n" } @_;
  close($ip) or die "ip failed: $?\\n";
}
`;
