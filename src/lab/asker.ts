import { addressPerl } from '../base/address-perl.ts';

/**
 * Asks a service for `/` until it answers with 200: `perl -e SCRIPT ADDRESS PORT SECONDS`; exit code 0, or 1 with what
 * was last seen. Perl, because in the guest a shell would need a process for each pause. A first packet that is lost
 * would be sent again after a second only, so an attempt is given up after 0.3 s. Numbers: fcntl.h (F_SETFL 4,
 * O_NONBLOCK 2048), asm-generic/socket.h (SOL_SOCKET 1, SO_ERROR 4).
 */
export const askerScript = `use strict;
${addressPerl}
my ($address, $port, $seconds) = @ARGV;
my $end = time + $seconds;
my $saw = 'nothing';
while (time < $end) {
  $saw = ask();
  exit 0 if $saw =~ m{^HTTP/1\\.1 200};
  select(undef, undef, undef, 0.05);
}
print $saw;
exit 1;

sub ask {
  socket(my $socket, family_of($address), 1, 0) or return "no socket: $!";
  fcntl($socket, 4, 2048);
  connect($socket, socket_address($address, $port)) or $!{EINPROGRESS} or return "no connection: $!";
  wait_for($socket, 1, 0.3) or return 'no answer to the first packet';
  if (my $error = unpack('i', getsockopt($socket, 1, 4))) { $! = $error; return "no connection: $!" }
  syswrite($socket, "GET / HTTP/1.1\\r\\nHost: $address\\r\\nConnection: close\\r\\n\\r\\n");
  wait_for($socket, 0, 2) or return 'a connection, but no answer';
  sysread($socket, my $answer, 200) or return 'a connection that was closed without an answer';
  return $answer =~ /^([^\\r\\n]*)/ ? $1 : $answer;
}

sub wait_for {
  my ($socket, $writing, $seconds) = @_;
  my $set = '';
  vec($set, fileno($socket), 1) = 1;
  return $writing ? select(undef, $set, undef, $seconds) : select($set, undef, undef, $seconds);
}
`;
