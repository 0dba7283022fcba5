/**
 * Announces the VIPs of a proxy that no L4 node stands before, while it is well, and withdraws them when it is not: somebody
 * has to ask it, as tier 2 would (programs such as anycast-healthchecker do this for BIRD on real networks).
 */
import type { PlannedNode } from '../../topology/types.ts';
import { announceDevice, vipsOf } from '../bird/announcing.ts';
import type { Daemon, NodePaths } from '../contract.ts';

export const announcerFile = 'announcer.pl';

export function announcerDaemon(node: PlannedNode, { files }: NodePaths): Daemon {
  const port = String(node.services[0]?.port ?? 80);
  return {
    name: 'announcer',
    argv: ['perl', `${files}/${announcerFile}`, port, announceDevice, ...vipsOf(node)],
    urgent: true,
  };
}

/**
 * `perl announcer.pl PORT DEVICE VIP…`. Perl, because in the guest a shell would need a process for each check. One success
 * announces, two failures in a row withdraw: half a second. Numbers: asm-generic/socket.h (SOL_SOCKET 1, SO_RCVTIMEO 20).
 */
export const announcerScript = `use strict;
$| = 1;
my ($port, $device, @vips) = @ARGV;
my ($announced, $failures) = ('', 0);
while (1) {
  $failures = well() ? 0 : $failures + 1;
  announce('replace') if $failures == 0 and $announced ne 'replace';
  announce('delete') if $failures >= 2 and $announced eq 'replace';
  select(undef, undef, undef, 0.25);
}

sub well {
  socket(my $socket, 2, 1, 0) or return 0;
  setsockopt($socket, 1, 20, pack('l!l!', 1, 0));
  connect($socket, pack('S n C4 x8', 2, $port, 127, 0, 0, 1)) or return 0;
  syswrite($socket, "GET /healthcheck HTTP/1.0\\r\\n\\r\\n");
  sysread($socket, my $answer, 200);
  return $answer =~ m{^HTTP/1\\.\\d 200};
}

sub announce {
  ($announced) = @_;
  system('/sbin/ip', 'address', $announced, $_ . (/:/ ? '/128' : '/32'), 'dev', $device) for @vips;
  print $announced eq 'replace' ? 'announced' : 'withdrawn', " @vips\\n";
}
`;
