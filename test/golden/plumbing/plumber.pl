use strict;
BEGIN { $^W = 1 }
my ($newnet, $rlimit_nofile) = (0x40000000, 7);
my %numbers = (
  62 => { setns => 308, prlimit => 302, mmap => 9, read => 0, fsync => 74, unshare => 272 }, # x86-64
  183 => { setns => 268, prlimit => 261, mmap => 222, read => 63, fsync => 82, unshare => 97 }, # aarch64
  243 => { setns => 268, prlimit => 261, mmap => 222, read => 63, fsync => 82, unshare => 97 }, # riscv64
);
open(my $self, '<:raw', '/proc/self/exe') or die "cannot read /proc/self/exe: $!\n";
read($self, my $elf, 20);
close($self);
my $machine = unpack('x18v', $elf);
my $number = $numbers{$machine} or die "system call numbers of machine $machine are not known\n";
open(my $home, '<', '/proc/self/ns/net') or die "cannot open /proc/self/ns/net: $!\n";

# A connection is a file. Without the right to raise the limit it stays as it is.
sub raise_files {
  for my $wanted (@_) {
    last if syscall($number->{prlimit}, 0, $rlimit_nofile, pack('QQ', $wanted, $wanted), 0) == 0;
  }
}

sub enter {
  my ($who, $path) = @_;
  open(my $namespace, '<', $path) or die "$who: cannot open namespace $path: $!\n";
  syscall($number->{setns}, fileno($namespace), $newnet) == 0 or die "$who: cannot enter $path: $!\n";
  close($namespace);
  return 1;
}

sub home { return enter('home', '/proc/self/fd/' . fileno($home)) }

my ($source) = @ARGV;
open(my $lines, $source eq '-' ? '<&STDIN' : "<$source") or die "cannot read $source: $!\n";
my @stages;
while (my $line = <$lines>) {
  chomp $line;
  my ($do, @fields) = map { s/%([0-9A-F]{2})/chr hex $1/ger } split /\t/, $line, -1;
  if ($do eq 'stage') { push @stages, { lanes => $fields[0], jobs => [] } }
  elsif ($do eq 'job') { push @{ $stages[-1]{jobs} }, [] }
  else { push @{ $stages[-1]{jobs}[-1] }, [$do, @fields] }
}
close($lines);
raise_files(1 << 16);
# Before what it starts: daemons with timers would leave it no time on a machine that is full. But a lab that is up has traffic.
setpriority(0, 0, -20) unless $source eq '-';

for my $stage (@stages) {
  my ($lanes, @jobs) = ($stage->{lanes}, @{ $stage->{jobs} });
  if ($lanes < 2) { work(@jobs); next }
  my @workers;
  for my $lane (0 .. $lanes - 1) {
    defined(my $pid = fork) or die "cannot fork: $!\n";
    if (!$pid) { work(@jobs[grep { $_ % $lanes == $lane } 0 .. $#jobs]); exit 0 }
    push @workers, $pid;
  }
  my $failed = 0;
  for (@workers) { waitpid($_, 0); $failed ||= $? }
  exit 1 if $failed;
}

sub work {
  my $away = 0;
  for my $job (@_) {
    home() if $away;
    $away = 0;
    for my $step (@$job) {
      my ($do, @fields) = @$step;
      if ($do eq 'folder') { folder(@fields) }
      elsif ($do eq 'link') { link_to(@fields) }
      elsif ($do eq 'enter') { $away = enter('plumbing', @fields) }
      elsif ($do eq 'sysctl') { sysctl(@fields) }
      elsif ($do eq 'run') { run(@fields) }
      elsif ($do eq 'start') { start(@fields) }
      elsif ($do eq 'settle') { settle(@fields) }
      else { die "unknown step $do\n" }
    }
  }
  home() if $away;
}

sub folder {
  my ($path) = @_;
  my $parent = '';
  for my $name (grep { $_ ne '' } split m{/}, $path) {
    $parent .= "/$name";
    -d $parent or mkdir($parent, 0700) or -d $parent or die "cannot make folder $parent: $!\n";
  }
}

sub link_to {
  my ($path, $to) = @_;
  symlink($to, $path) or -l $path or die "cannot make link $path: $!\n";
}

sub sysctl {
  my ($path, $value, $if_there) = @_;
  return if $if_there and !-e "/proc/sys/$path";
  open(my $file, '>', "/proc/sys/$path") or die "cannot set sysctl $path: $!\n";
  print $file $value;
  close($file) or die "cannot set sysctl $path to $value: $!\n";
}

sub run {
  my (@argv) = @_;
  { no warnings; system { $argv[0] } @argv }
  return if $? == 0;
  die $? == -1 ? "cannot run $argv[0]: $!\n" : "failed: @argv\n";
}

sub start {
  my ($log, $pid_file, $priority, @argv) = @_;
  defined(my $pid = fork) or die "cannot fork: $!\n";
  if ($pid) {
    open(my $file, '>', $pid_file) or die "cannot write $pid_file: $!\n";
    print $file "$pid\n";
    return;
  }
  open(STDIN, '<', '/dev/null');
  open(STDOUT, '>>', $log) or die "cannot write $log: $!\n";
  open(STDERR, '>&', \*STDOUT);
  setpriority(0, 0, $priority);
  { no warnings; exec { $argv[0] } @argv }
  print STDERR "cannot run $argv[0]: $!\n";
  exit 127;
}

# Twice in a row: on its way it may have waited for a moment. Its state stands behind its name (proc(5), /proc/pid/stat).
sub settle {
  my ($pid_file) = @_;
  open(my $file, '<', $pid_file) or die "cannot read $pid_file: $!\n";
  my $pid = <$file> + 0;
  my $end = time + 10;
  for (my $looks = 0; $looks < 2 and time < $end; select(undef, undef, undef, 0.02)) {
    open(my $stat, '<', "/proc/$pid/stat") or return;
    $looks = (<$stat> // '') =~ /\) [RD]/ ? 0 : $looks + 1;
  }
}
