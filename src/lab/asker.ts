import { addressPerl } from '../base/address-perl.ts';
import { WorldError } from '../base/errors.ts';
import { speaks } from '../base/families.ts';
import { endpoint, familyOf } from '../base/ip.ts';
import { formatDuration } from '../base/units.ts';
import type { LiveLab } from './live.ts';

/**
 * Waits until each VIP answers a client. One process asks for all of them, and for one at a time: while a lab comes up its
 * processor belongs to the daemons.
 * @throws WorldError `service-not-ready`
 */
export async function askServices(
  live: LiveLab,
  {
    readyWithinMs = 30_000,
    signal,
  }: { readonly readyWithinMs?: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const clients = live.plan.nodes.filter(({ tier }) => tier === 0);
  const asked = live.plan.services.map((service) => ({
    service,
    client: clients.find((node) => speaks(node, familyOf(service.vip))),
  }));
  await Promise.all(
    clients.map(async (client) => {
      const services = asked.filter((each) => each.client === client).map(({ service }) => service);
      if (services.length === 0) return;
      const seconds = String(Math.ceil(readyWithinMs / 1000));
      const targets = services.flatMap(({ vip, port }) => [vip, String(port)]);
      const { exitCode, stdout, stderr } = await live
        .exec(client.name, ['perl', '-e', askerScript, seconds, ...targets], {
          timeoutMs: readyWithinMs + 5000,
          signal,
        })
        .catch(outOfTime);
      if (exitCode === 0) return;
      const [, answered, saw = ''] = /^(\d+) (.*)/.exec(stdout) ?? [];
      const service = services[Number(answered ?? 0)];
      const what =
        service === undefined
          ? 'the VIPs'
          : `the VIP of ${service.name} (${endpoint(service.vip, service.port)})`;
      throw new WorldError(
        `waited ${formatDuration(readyWithinMs)} for: an answer through ${what}, asked by ${client.name}`,
        {
          code: 'service-not-ready',
          exitCode: 4,
          details: [`last seen: ${saw}`, ...stderr.trim().split('\n').slice(-2)],
        },
      );
    }),
  );
}

/** On a processor that is full it may not even come to its own end. */
function outOfTime(error: unknown): { exitCode: number; stdout: string; stderr: string } {
  if (!(error instanceof WorldError) || error.code !== 'exec-timeout') throw error;
  return { exitCode: 1, stdout: '0 the client had no time to ask', stderr: '' };
}

/**
 * Asks services for `/`, each until it answers with 200: `perl -e SCRIPT SECONDS ADDRESS PORT…`; exit code 0, or 1 with how many
 * have answered and what was last seen of the next one. Perl, because in the guest a shell would need a process for each pause. A
 * first packet that is lost would be sent again after a second only, so an attempt is given up after 0.3 s. Numbers: fcntl.h
 * (F_SETFL 4, O_NONBLOCK 2048), asm-generic/socket.h (SOL_SOCKET 1, SO_ERROR 4).
 */
const askerScript = `use strict;
${addressPerl}
my ($seconds, @targets) = @ARGV;
my $end = time + $seconds;
my $answered = 0;
while (my ($address, $port) = splice(@targets, 0, 2)) {
  my $saw = 'nothing';
  while (1) {
    if (time >= $end) { print "$answered $saw"; exit 1 }
    $saw = ask($address, $port);
    last if $saw =~ m{^HTTP/1\\.1 200};
    select(undef, undef, undef, 0.05);
  }
  $answered++;
}
exit 0;

sub ask {
  my ($address, $port) = @_;
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
