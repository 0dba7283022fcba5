/**
 * Announces VIPs once their table is whole: `perl announce.pl DEVICE SERVERS SECONDS VIP…`; without servers (`none`) it takes
 * them back. keepalived calls its `quorum_up` as soon as one server is well. A balancer that joins then, with a part of its
 * table, sends flows that are under way to servers that know nothing of them; the others have the whole table. So this waits
 * until all servers have been found well, or have had the time to be found dead. Perl, because in the guest a shell would need a process for each pause.
 *
 * `/proc/net/ip_vs` leaves servers out where there are many namespaces; then `ipvsadm` is asked.
 */
import { addressPerl } from '../../base/address-perl.ts';
import { ejection, type IpvsOptions } from './options.ts';

export const announceFile = 'announce.pl';

/** Seconds in which a server that is dead is found dead: the checks begin at once. */
export const settlingSeconds = (options: IpvsOptions): number => ejection(options)[0] / 1000;

export const announceScript = `use strict;
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
    if ($line =~ /^TCP\\s+(\\S+):/) { $own = $own{bare($1)} }
    elsif ($own and $line =~ /^\\s+->\\s+\\S+\\s+\\w+\\s+(\\d+)/) { $known++; $well++ if $1 > 0 }
  }
  close($table);
  return ($known, $well);
}

# The kernel writes addresses as hexadecimal digits, ipvsadm as people do.
sub bare {
  my ($text) = @_;
  $text =~ tr/[]//d;
  return uc $text if $text =~ /^[\\dA-F]{8}$/;
  return hex_of($text);
}

sub address {
  my ($action) = @_;
  # What is not there cannot be deleted, and the others are to go all the same.
  open(my $ip, '|-', '/sbin/ip', '-force', '-batch', '-') or return;
  print $ip "address $action $_", (/:/ ? '/128' : '/32'), " dev $device\\n" for @vips;
  close($ip);
}
${addressPerl}`;
