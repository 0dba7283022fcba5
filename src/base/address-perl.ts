/**
 * Perl that reads addresses, for programs in a lab: `socket_address(ADDRESS, PORT)` is what bind and connect want, `family_of(ADDRESS)`
 * the first argument of socket, `hex_of(ADDRESS)` the address as hexadecimal digits. Without Perl's own Socket module, which takes longer
 * to load than all the rest. Numbers: AF_INET 2, AF_INET6 10; struct sockaddr_in6 of netinet/in.h (RFC 3493 3.3).
 */
export const addressPerl = `
sub family_of { $_[0] =~ /:/ ? 10 : 2 }

sub hex_of {
  my ($text) = @_;
  return sprintf('%02X' x 4, split(/\\./, $text)) unless $text =~ /:/;
  my ($head, $tail) = map { [split /:/] } split(/::/, $text, 2);
  my @zeros = $tail ? (0) x (8 - @$head - @$tail) : ();
  return join '', map { sprintf '%04X', hex } @$head, @zeros, $tail ? @$tail : ();
}

sub socket_address {
  my ($address, $port) = @_;
  my $bytes = pack('H*', hex_of($address));
  return family_of($address) == 2 ? pack('S n a4 x8', 2, $port, $bytes) : pack('S n N a16 N', 10, $port, 0, $bytes, 0);
}
`;
