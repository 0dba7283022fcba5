/**
 * Opens the listening sockets of all backends, each in its node's namespace, then becomes the server.
 *
 * A socket belongs for good to the namespace in which it was created (socket(7), network_namespaces(7)), and Node cannot
 * change namespaces; Perl can (setns by its syscall number), and Debian's Essential perl-base always has it. As the
 * opener exec()s the server, there is no process more than there is without it.
 *
 * `perl web-opener.pl LIST COMMAND…`, LIST as in server.ts; a namespace of `-` is the one it starts in.
 * The addresses may come up later: IP_FREEBIND (ip(7)).
 */
export const openerScript = `use strict;
use warnings;
use Config;
use Socket qw(:DEFAULT IPPROTO_IP inet_pton);
use constant { IP_FREEBIND => 15, CLONE_NEWNET => 0x40000000, RLIMIT_NOFILE => 7 };

my ($list, @server) = @ARGV;
$| = 1;
$^F = 1 << 20; # sockets stay open across exec

my ($machine) = $Config{archname} =~ /^([^-]+)/;
my %numbers = (
  x86_64  => { setns => 308, prlimit => 302 },
  aarch64 => { setns => 268, prlimit => 261 },
  riscv64 => { setns => 268, prlimit => 261 },
);
my $number = $numbers{$machine} or die "web: system call numbers of $machine are not known\\n";

for my $wanted (1 << 20, 1 << 18, 1 << 16) {
  last if syscall($number->{prlimit}, 0, RLIMIT_NOFILE, pack('QQ', $wanted, $wanted), 0) == 0;
}

my $home = '/proc/self/ns/net';
open(my $back, '<', $home) or die "web: cannot open namespace $home: $!\\n";
open(my $lines, '<', $list) or die "web: cannot read $list: $!\\n";
my (@sockets, @fds, $moved);
while (my $line = <$lines>) {
  chomp $line;
  next if $line eq '';
  my ($node, $address, $port, $namespace) = split /\\t/, $line;
  $moved = enter($node, $namespace) if $namespace ne '-';
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "$node: cannot make a socket: $!\\n";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  setsockopt($socket, IPPROTO_IP, IP_FREEBIND, 1);
  my $packed = inet_pton(AF_INET, $address) or die "$node: no address: $address\\n";
  bind($socket, pack_sockaddr_in($port, $packed)) or die "$node: cannot bind $address:$port: $!\\n";
  listen($socket, 4096) or die "$node: cannot listen on $address:$port: $!\\n";
  push @sockets, $socket;
  push @fds, fileno($socket);
}
close($lines);
enter('web', "/proc/self/fd/" . fileno($back)) if $moved;
close($back);
exec(@server, join(',', @fds)) or die "web: cannot start $server[0]: $!\\n";

sub enter {
  my ($node, $path) = @_;
  open(my $namespace, '<', $path) or die "$node: cannot open namespace $path: $!\\n";
  syscall($number->{setns}, fileno($namespace), CLONE_NEWNET) == 0 or die "$node: cannot enter $path: $!\\n";
  close($namespace);
  return 1;
}
`;
