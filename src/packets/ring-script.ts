/**
 * Keeps what passed the switches of a lab: `perl -e SCRIPT FOLDER BYTES BLOCKS NAME NAMESPACE [NAME NAMESPACE …]`, one process
 * for all of them. It looks from the switch's side: a switch outlives every node, and each cable ends there.
 *
 * The kernel writes the packets into a ring of blocks that is mapped into this process (packet(7), TPACKET_V3 in
 * linux/if_packet.h), so that a packet costs no system call: whole blocks are copied to `NAME.0` until that has BYTES, then
 * to `NAME.1`, and so on in turns. Half of what two files can hold is always there. A filter (bpf(4)) keeps the head of each IP
 * packet. UDP is left out: held connections are TCP, and BFD alone would be half of all.
 *
 * Perl has no mmap: the system call says where the blocks are, unpack('P') reads there, and a block is given back to the
 * kernel by reading zeros from /dev/zero into its state. Says `ready`; at the end of its input or a line of it what the
 * kernel has is written, and by NAME how many packets found no room in the ring, and how many files were begun.
 */
import { namespacePerl } from '../base/namespace-perl.ts';

/** Bytes of each packet that are kept: an ICMPv6 error about a packet in a tunnel, down to the ports. */
const snapLength = 176;
/** Of a block in the kernel: some 600 packets. Each switch has BLOCKS of them, to be filled until this process has its turn. */
export const blockBytes = 1 << 17;
/** A block that is not full is passed on after this long. */
const retireMs = 200;

export const ringScript = `${namespacePerl}
my ($packet, $raw, $sol_socket, $attach_filter, $sol_packet) = (17, 3, 1, 26, 263);
my ($rx_ring, $statistics, $version, $v3, $every_protocol) = (5, 6, 10, 2, 3);
my ($block_bytes, $retire_ms) = (${blockBytes}, ${retireMs});
my ($folder, $most_bytes, $blocks, @places) = @ARGV;

# Code, where to go if so and if not, operand.
my @filter = (
  [0x28, 0, 0, 12],     # 0 ethertype
  [0x15, 1, 0, 0x0800], # 1 IPv4: 3
  [0x15, 2, 4, 0x86dd], # 2 IPv6: 5, else 7
  [0x30, 0, 0, 23],     # 3 its protocol
  [0x15, 2, 3, 17],     # 4 UDP: 7, else 8
  [0x30, 0, 0, 20],     # 5 its next header
  [0x15, 0, 1, 17],     # 6 UDP: 7, else 8
  [0x06, 0, 0, 0],      # 7 nothing of it
  [0x06, 0, 0, ${snapLength}],    # 8 its head
);
my $instructions = join('', map { pack('SCCL', @$_) } @filter);
my $program = pack('S x6 P', scalar @filter, $instructions);

open(my $zero, '<:raw', '/dev/zero') or die "cannot open /dev/zero: $!\\n";
my @rings;
while (my ($name, $namespace) = splice(@places, 0, 2)) {
  enter($name, $namespace);
  # Without a protocol it hears nothing until all is in its place.
  socket(my $socket, $packet, $raw, 0) or die "$name: cannot look at packets: $!\\n";
  setsockopt($socket, $sol_socket, $attach_filter, $program) or die "$name: no filter: $!\\n";
  setsockopt($socket, $sol_packet, $version, pack('i', $v3)) or die "$name: no TPACKET_V3: $!\\n";
  my $ring = pack('L7', $block_bytes, $blocks, 2048, $block_bytes / 2048 * $blocks, $retire_ms, 0, 0);
  setsockopt($socket, $sol_packet, $rx_ring, $ring) or die "$name: no ring of packets: $!\\n";
  # PROT_READ | PROT_WRITE, MAP_SHARED
  my $at = syscall($number->{mmap}, 0, $block_bytes * $blocks, 3, 1, fileno($socket), 0);
  die "$name: cannot map the ring: $!\\n" if $at == -1;
  bind($socket, pack('S n i S C C a8', $packet, $every_protocol, 0, 0, 0, 0, '')) or die "$name: cannot listen: $!\\n";
  push @rings, { name => $name, socket => $socket, at => $at, next => 0, turns => 0, bytes => 0, file => undef };
  turn($rings[-1]);
}
home();
$| = 1;
print "ready\\n";

my $stopping = 0;
until ($stopping) {
  my $readable = '';
  vec($readable, 0, 1) = 1;
  $stopping = select($readable, undef, undef, 0.2) > 0;
  # What the kernel is filling now comes after its time.
  select(undef, undef, undef, 2 * $retire_ms / 1000) if $stopping;
  take($_) for @rings;
}
for my $ring (@rings) {
  syscall($number->{fsync}, fileno($ring->{file})) == 0 or die "cannot write out $ring->{name}: $!\\n";
  my (undef, $missed) = unpack('LL', getsockopt($ring->{socket}, $sol_packet, $statistics));
  print "$ring->{name} $missed $ring->{turns}\\n";
}

# Copies the blocks that the kernel has done with, and gives them back.
sub take {
  my ($ring) = @_;
  while (1) {
    my $block = $ring->{at} + $ring->{next} * $block_bytes;
    my ($state, $length) = unpack('x8 L x8 L', memory($block, 48));
    last unless $state & 1;
    turn($ring) if $ring->{bytes} + $length > $most_bytes;
    keep($ring, memory($block, $length));
    syscall($number->{read}, fileno($zero), $block + 8, 4) == 4 or die "cannot give a block back: $!\\n";
    $ring->{next} = ($ring->{next} + 1) % $blocks;
  }
}

sub keep {
  my ($ring, $bytes) = @_;
  for (my $written = 0; $written < length($bytes); ) {
    my $count = syswrite($ring->{file}, $bytes, length($bytes) - $written, $written);
    die "cannot keep packets of $ring->{name}: $!\\n" unless defined $count;
    $written += $count;
  }
  $ring->{bytes} += length($bytes);
}

sub memory { return unpack("P$_[1]", pack('Q', $_[0])) }

sub turn {
  my ($ring) = @_;
  my $path = "$folder/$ring->{name}." . $ring->{turns} % 2;
  open($ring->{file}, '>:raw', $path) or die "cannot write $path: $!\\n";
  @$ring{'turns', 'bytes'} = ($ring->{turns} + 1, 0);
}
`;
