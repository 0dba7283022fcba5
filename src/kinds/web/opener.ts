import { namespacePerl } from '../../base/namespace-perl.ts';

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
 * The numbers are those of asm-generic/socket.h, which x86-64, aarch64 and riscv64 have in common.
 */
export const openerScript = `${namespacePerl}
my ($inet, $stream, $sol_socket, $reuseaddr, $ipproto_ip, $freebind) = (2, 1, 1, 2, 0, 15);
my ($list, @server) = @ARGV;
$^F = 1 << 20; # sockets stay open across exec
raise_files(1 << 20, 1 << 18, 1 << 16);

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
home() if $moved;
close($home);
exec(@server, join(',', map { fileno $_ } @sockets)) or die "web: cannot start $server[0]: $!\\n";
`;
