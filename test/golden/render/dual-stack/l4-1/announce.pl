use strict;
my ($device, $seconds, $fifo) = @ARGV;
my (%servers, %vips, %is_up, %well, %due);
while (my $line = <DATA>) {
  my ($name, $servers, @vips) = split ' ', $line;
  ($servers{$name}, $vips{$name}) = ($servers, \@vips);
}
# Until something is heard of it, or it is time to look: it may have come up before this began.
$due{$_} = time + $seconds for keys %vips;
my $is_ending = 0;
$SIG{TERM} = sub { $is_ending = 1 };
# The checks go first.
setpriority(0, 0, 0);
# Opened as soon as keepalived has it open. The next announcer has a FIFO of its own, or one would take the other's lines.
open(my $news, '<', $fifo) or die "cannot read $fifo: $!\n";
unlink $fifo;

my $text = '';
while (1) {
  my ($next) = sort { $a <=> $b } values %due;
  my $pause = defined $next ? ($next > time ? $next - time : 0) : undef;
  vec(my $set = '', fileno($news), 1) = 1;
  if (select($set, undef, undef, $pause) > 0) {
    sysread($news, $text, 65536, length $text) or last;
    hear($1) while $text =~ s/^(.*)\n//;
  }
  announce() if %due and !grep { !is_ripe($_) } keys %due;
  last if $is_ending and !grep { $_ } values %is_up;
}

sub hear {
  my ($what, @of) = split ' ', $_[0];
  my ($state, $name) = (pop @of, pop @of);
  return unless exists $vips{$name};
  if ($what eq 'RS') {
    if ($state eq 'UP') { $well{$name}{$of[0]} = 1 } else { delete $well{$name}{$of[0]} }
  } elsif ($state eq 'UP') {
    $is_up{$name} = 1;
    $due{$name} = time + $seconds;
  } else {
    $is_up{$name} = 0;
    delete $due{$name};
    address('delete', $name);
  }
}

sub is_ripe {
  my ($name) = @_;
  return 1 if time >= $due{$name};
  return $is_up{$name} && keys %{ $well{$name} } >= $servers{$name};
}

sub announce {
  my @names = sort keys %due;
  my $found = grep({ !defined $is_up{$_} } @names) ? with_servers() : {};
  for my $name (@names) { $is_up{$name} //= grep { $found->{$_} } @{ $vips{$name} } }
  %due = ();
  address('replace', grep { $is_up{$_} } @names);
}

# VIPs with a server that takes flows.
sub with_servers {
  my ($vip, %found);
  open(my $table, '-|', 'ipvsadm', '-Ln') or return {};
  while (my $line = <$table>) {
    if ($line =~ /^TCP\s+\[?(\S+?)\]?:\d+\s/) { $vip = $1 }
    elsif ($line =~ /^\s+->\s+\S+\s+\w+\s+[1-9]/) { $found{$vip} = 1 }
  }
  return \%found;
}

sub address {
  my ($action, @names) = @_;
  return unless @names;
  # What is not there cannot be deleted, and the others are to go all the same.
  open(my $ip, '|-', '/sbin/ip', '-force', '-batch', '-') or return;
  for (map { @{ $vips{$_} } } @names) { print $ip "address $action $_", (/:/ ? '/128' : '/32'), " dev $device\n" }
  close($ip);
}

__DATA__
[198.51.100.1]:tcp:80 3 198.51.100.1
[2001:db8:100::1]:tcp:80 3 2001:db8:100::1
