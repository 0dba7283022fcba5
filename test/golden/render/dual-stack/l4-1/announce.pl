use strict;
my ($device, $servers, $seconds, @vips) = @ARGV;
if ($servers eq 'none') { address('delete'); exit 0 }
my $end = time + $seconds;
my $pause = 0.05;
my %own = map { (hex_of($_) => 1) } @vips;
# The checks go first: this is one of several, looks again and again, and has keepalived's priority.
setpriority(0, 0, 0);
until (well() >= $servers or time > $end) {
  select(undef, undef, undef, $pause);
  $pause *= 2 if $pause < 0.4;
}
# Meanwhile all of them may have gone, and keepalived have taken the VIP back.
exit 0 unless well();
address('replace');
address('delete') unless well();

sub well {
  my ($known, $well) = count('<', '/proc/net/ip_vs');
  return $well unless $known < $servers;
  # A process of its own for each look.
  $pause = 0.4;
  my (undef, $asked) = count('-|', 'ipvsadm', '-Ln');
  return $asked > $well ? $asked : $well;
}

sub count {
  my ($how, @what) = @_;
  my ($known, $well, $own) = (0, 0, 0);
  open(my $table, $how, @what) or return (0, 0);
  while (my $line = <$table>) {
    if ($line =~ /^TCP\s+(\S+):/) { $own = $own{bare($1)} }
    elsif ($own and $line =~ /^\s+->\s+\S+\s+\w+\s+(\d+)/) { $known++; $well++ if $1 > 0 }
  }
  close($table);
  return ($known, $well);
}

# The kernel writes addresses as hexadecimal digits, ipvsadm as people do.
sub bare {
  my ($text) = @_;
  $text =~ tr/[]//d;
  return uc $text if $text =~ /^[\dA-F]{8}$/;
  return hex_of($text);
}

sub address {
  my ($action) = @_;
  # What is not there cannot be deleted, and the others are to go all the same.
  open(my $ip, '|-', '/sbin/ip', '-force', '-batch', '-') or return;
  print $ip "address $action $_", (/:/ ? '/128' : '/32'), " dev $device\n" for @vips;
  close($ip);
}

sub family_of { $_[0] =~ /:/ ? 10 : 2 }

sub hex_of {
  my ($text) = @_;
  return sprintf('%02X' x 4, split(/\./, $text)) unless $text =~ /:/;
  my ($head, $tail) = map { [split /:/] } split(/::/, $text, 2);
  my @zeros = $tail ? (0) x (8 - @$head - @$tail) : ();
  return join '', map { sprintf '%04X', hex } @$head, @zeros, $tail ? @$tail : ();
}

sub socket_address {
  my ($address, $port) = @_;
  my $bytes = pack('H*', hex_of($address));
  return family_of($address) == 2 ? pack('S n a4 x8', 2, $port, $bytes) : pack('S n N a16 N', 10, $port, 0, $bytes, 0);
}
