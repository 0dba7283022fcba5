import { namespacePerl } from '../base/namespace-perl.ts';

/**
 * `perl -e SCRIPT`. Each line is a question, words between tabs: a namespace, and `file` and a path, or a family of generic netlink
 * and a request as hexadecimal digits. Numbers: linux/netlink.h and linux/genetlink.h (NLM_F_REQUEST 1, NLM_F_MULTI 2, NLM_F_DUMP 0x300,
 * NLMSG_ERROR 2, NLMSG_DONE 3, GENL_ID_CTRL 16, CTRL_CMD_GETFAMILY 3, CTRL_ATTR_FAMILY_ID 1, CTRL_ATTR_FAMILY_NAME 2).
 */
export const readerScript = `${namespacePerl}
my ($asked, $said, $place, $socket, %families) = ('', '', '');
while (sysread(STDIN, $asked, 65536, length $asked)) {
  while ($asked =~ s/^(.*)\\n//) {
    my ($namespace, $what, $of) = split /\\t/, $1;
    my $answer = eval {
      move($namespace);
      $what eq 'file' ? file($of) : dump_of($what, pack('H*', $of));
    };
    my $how = defined $answer ? 'ok' : 'no';
    chomp($answer = $@) unless defined $answer;
    $said .= "$how " . length($answer) . "\\n$answer";
  }
  # Who stays inside keeps a namespace from going.
  move('');
  for (my $at = 0; $at < length $said;) { $at += syswrite(STDOUT, $said, 65536, $at) || exit }
  $said = '';
}

sub move {
  my ($namespace) = @_;
  return if $namespace eq $place;
  $namespace eq '' ? home() : enter('reader', $namespace);
  $place = $namespace;
  undef $socket;
}

sub file {
  my ($path) = @_;
  open(my $file, '<:raw', $path) or die "$path: $!\\n";
  my $text = '';
  while (my $bytes = sysread($file, $text, 65536, length $text)) {}
  return $text;
}

sub dump_of {
  my ($family, $request) = @_;
  # AF_NETLINK, SOCK_RAW, NETLINK_GENERIC
  $socket or socket($socket, 16, 3, 16) or die "no netlink: $!\\n";
  unless ($families{$family}) {
    my $name = "$family\\0";
    my $found = answer(16, 0x1, pack('CCxx SSa*', 3, 1, 4 + length $name, 2, $name));
    for (my $at = 20; $at + 4 <= length $found;) {
      my ($length, $type, $value) = unpack('SSS', substr($found, $at, 6));
      $families{$family} = $value if $type == 1;
      $at += ($length + 3) & ~3;
    }
  }
  return answer($families{$family}, 0x301, $request);
}

sub answer {
  my ($type, $flags, $payload) = @_;
  send($socket, pack('LSSLL', 16 + length $payload, $type, $flags, 0, 0) . $payload, 0) or die "netlink: $!\\n";
  my $all = '';
  while (1) {
    defined recv($socket, my $part, 65536, 0) or die "netlink: $!\\n";
    for (my $at = 0; $at + 16 <= length $part;) {
      my ($length, $kind, $marks) = unpack('LSS', substr($part, $at, 8));
      if ($kind == 2) { $! = -unpack('l', substr($part, $at + 16, 4)); die "netlink: $!\\n" }
      return $all if $kind == 3;
      $all .= substr($part, $at, $length);
      return $all unless $marks & 2;
      $at += ($length + 3) & ~3;
    }
  }
}
`;
