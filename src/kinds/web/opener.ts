/**
 * Opens the listening sockets of all backends, each in its node's namespace, then becomes the server.
 *
 * A socket belongs for good to the namespace in which it was created (socket(7), network_namespaces(7)), and Node cannot
 * change namespaces; Perl can (setns by its syscall number), and Debian's Essential perl-base always has it. As the
 * opener exec()s the server, there is no process more than there is without it.
 *
 * `perl web-opener.pl LIST COMMAND…`, LIST as in server.ts; a namespace of `-` is the one it starts in.
 * The addresses may come up later: IP_FREEBIND (ip(7)).
 *
 * It loads no module but strict: in the guest Socket and Config alone would take as long as all the rest. The numbers
 * are those of asm-generic/socket.h, which x86-64, aarch64 and riscv64 have in common; the machine is e_machine in the
 * header of its own program (elf(5)).
 */
export const openerScript = `use strict;
BEGIN { $^W = 1 }
my ($inet, $stream, $sol_socket, $reuseaddr, $ipproto_ip, $freebind) = (2, 1, 1, 2, 0, 15);
my ($newnet, $rlimit_nofile) = (0x40000000, 7);
my %numbers = (
  62 => { setns => 308, prlimit => 302 }, # x86-64
  183 => { setns => 268, prlimit => 261 }, # aarch64
  243 => { setns => 268, prlimit => 261 }, # riscv64
);

my ($list, @server) = @ARGV;
$^F = 1 << 20; # sockets stay open across exec

open(my $self, '<:raw', '/proc/self/exe') or die "web: cannot read /proc/self/exe: $!\\n";
read($self, my $elf, 20);
close($self);
my $machine = unpack('x18v', $elf);
my $number = $numbers{$machine} or die "web: system call numbers of machine $machine are not known\\n";

for my $wanted (1 << 20, 1 << 18, 1 << 16) {
  last if syscall($number->{prlimit}, 0, $rlimit_nofile, pack('QQ', $wanted, $wanted), 0) == 0;
}

open(my $home, '<', '/proc/self/ns/net') or die "web: cannot open /proc/self/ns/net: $!\\n";
open(my $lines, '<', $list) or die "web: cannot read $list: $!\\n";
my (@sockets, $moved);
while (my $line = <$lines>) {
  chomp $line;
  next if $line eq '';
  my ($node, $address, $port, $namespace) = split /\\t/, $line;
  my @bytes = $address =~ /^(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)$/ or die "$node: no address: $address\\n";
  $moved = enter($node, $namespace) if $namespace ne '-';
  socket(my $socket, $inet, $stream, 0) or die "$node: cannot make a socket: $!\\n";
  setsockopt($socket, $sol_socket, $reuseaddr, 1);
  setsockopt($socket, $ipproto_ip, $freebind, 1);
  bind($socket, pack('S n C4 x8', $inet, $port, @bytes)) or die "$node: cannot bind $address:$port: $!\\n";
  listen($socket, 4096) or die "$node: cannot listen on $address:$port: $!\\n";
  push @sockets, $socket;
}
close($lines);
enter('web', '/proc/self/fd/' . fileno($home)) if $moved;
close($home);
exec(@server, join(',', map { fileno $_ } @sockets)) or die "web: cannot start $server[0]: $!\\n";

sub enter {
  my ($node, $path) = @_;
  open(my $namespace, '<', $path) or die "$node: cannot open namespace $path: $!\\n";
  syscall($number->{setns}, fileno($namespace), $newnet) == 0 or die "$node: cannot enter $path: $!\\n";
  close($namespace);
  return 1;
}
`;
