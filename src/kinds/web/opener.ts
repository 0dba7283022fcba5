import { addressPerl } from '../../base/address-perl.ts';
import { namespacePerl } from '../../base/namespace-perl.ts';

/**
 * Opens the listening sockets of all backends, each in its node's namespace, then becomes the server.
 *
 * A socket belongs for good to the namespace in which it was created (socket(7), network_namespaces(7)), and Node cannot
 * change namespaces; Perl can (setns by its syscall number), and Debian's Essential perl-base always has it. As the
 * opener exec()s the server, there is no process more than there is without it.
 *
 * `perl web-opener.pl LIST COMMAND…`, LIST as in server.ts; a namespace of `-` is the one it starts in.
 * The addresses may come up later: IP_FREEBIND (ip(7)), IPV6_FREEBIND.
 *
 * The numbers are those of asm-generic/socket.h, which x86-64, aarch64 and riscv64 have in common.
 */
export const openerScript = `${namespacePerl}${addressPerl}
my ($stream, $sol_socket, $reuseaddr) = (1, 1, 2);
# Level and option by family: IPPROTO_IP 0, IP_FREEBIND 15; IPPROTO_IPV6 41, IPV6_FREEBIND 78 (linux/in6.h).
my %freebind = (2 => [0, 15], 10 => [41, 78]);
my ($list, @server) = @ARGV;
$^F = 1 << 20; # sockets stay open across exec
raise_files(1 << 20, 1 << 18, 1 << 16);

open(my $lines, '<', $list) or die "web: cannot read $list: $!\\n";
my (@sockets, $moved);
while (my $line = <$lines>) {
  chomp $line;
  next if $line eq '';
  my ($node, $address, $port, $namespace) = split /\\t/, $line;
  $address =~ /^[\\d.]+$|^[\\da-f:]+$/ or die "$node: no address: $address\\n";
  my $family = family_of($address);
  $moved = enter($node, $namespace) if $namespace ne '-';
  socket(my $socket, $family, $stream, 0) or die "$node: cannot make a socket: $!\\n";
  setsockopt($socket, $sol_socket, $reuseaddr, 1);
  setsockopt($socket, $freebind{$family}[0], $freebind{$family}[1], 1);
  bind($socket, socket_address($address, $port)) or die "$node: cannot bind $address:$port: $!\\n";
  listen($socket, 4096) or die "$node: cannot listen on $address:$port: $!\\n";
  push @sockets, $socket;
}
close($lines);
home() if $moved;
close($home);
exec(@server, join(',', map { fileno $_ } @sockets)) or die "web: cannot start $server[0]: $!\\n";
`;
