/**
 * The plumber: one process that makes a whole lab from a list of steps. It enters each namespace in turn, writes sysctls,
 * runs `ip -batch` and starts daemons, where a shell would need `nsenter` and another shell for each node. Steps are
 * data, so no name and no path is ever read as a command.
 */
import { namespacePerl } from '../../base/namespace-perl.ts';

export type Step =
  | { readonly do: 'folder'; readonly path: string }
  /** A symbolic link at `path`. */
  | { readonly do: 'link'; readonly path: string; readonly to: string }
  /** From here on in the namespace at this path. */
  | { readonly do: 'enter'; readonly path: string }
  /** `path` below /proc/sys, as the namespace sees it. `ifThere`: a kernel that does not have it is fine. */
  | { readonly do: 'sysctl'; readonly path: string; readonly value: string; readonly ifThere?: boolean }
  /** Runs to its end; anything but exit code 0 ends the plumbing. */
  | { readonly do: 'run'; readonly argv: readonly string[] }
  /** Runs in the background; its output is appended to `log`. */
  | {
      readonly do: 'start';
      readonly argv: readonly string[];
      readonly log: string;
      readonly pidFile: string;
      /** -20 (first) to 19 (last). */
      readonly priority: number;
    }
  /** Waits until the process in this pid file waits for something itself, and so is at work, or has ended; at most 10 s. */
  | { readonly do: 'settle'; readonly pidFile: string };

/** Steps that follow one another, from the plumber's first namespace on. */
export type Job = readonly Step[];

/** Stages follow one another; the jobs of one are dealt out to that many lanes. */
export interface Stage {
  readonly lanes: number;
  readonly jobs: readonly Job[];
}

/** The plumber's input: a line a step, fields parted by tabs. */
export function writeStages(stages: readonly Stage[]): string {
  const lines: string[] = [];
  const add = (fields: readonly string[]): void => void lines.push(`${fields.map(escapeField).join('\t')}\n`);
  for (const { lanes, jobs } of stages) {
    add(['stage', String(Math.max(1, Math.min(lanes, jobs.length)))]);
    for (const job of jobs) {
      add(['job']);
      for (const step of job) add(fieldsOf(step));
    }
  }
  return lines.join('');
}

/** `perl plumber.pl FILE`, or `-` for standard input. Exit code 1, with words on standard error, if a step failed. */
export const plumberScript = `${namespacePerl}
my ($source) = @ARGV;
open(my $lines, $source eq '-' ? '<&STDIN' : "<$source") or die "cannot read $source: $!\\n";
my @stages;
while (my $line = <$lines>) {
  chomp $line;
  my ($do, @fields) = map { s/%([0-9A-F]{2})/chr hex $1/ger } split /\\t/, $line, -1;
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
    defined(my $pid = fork) or die "cannot fork: $!\\n";
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
      else { die "unknown step $do\\n" }
    }
  }
  home() if $away;
}

sub folder {
  my ($path) = @_;
  my $parent = '';
  for my $name (grep { $_ ne '' } split m{/}, $path) {
    $parent .= "/$name";
    -d $parent or mkdir($parent, 0700) or -d $parent or die "cannot make folder $parent: $!\\n";
  }
}

sub link_to {
  my ($path, $to) = @_;
  symlink($to, $path) or -l $path or die "cannot make link $path: $!\\n";
}

sub sysctl {
  my ($path, $value, $if_there) = @_;
  return if $if_there and !-e "/proc/sys/$path";
  open(my $file, '>', "/proc/sys/$path") or die "cannot set sysctl $path: $!\\n";
  print $file $value;
  close($file) or die "cannot set sysctl $path to $value: $!\\n";
}

sub run {
  my (@argv) = @_;
  { no warnings; system { $argv[0] } @argv }
  return if $? == 0;
  die $? == -1 ? "cannot run $argv[0]: $!\\n" : "failed: @argv\\n";
}

sub start {
  my ($log, $pid_file, $priority, @argv) = @_;
  defined(my $pid = fork) or die "cannot fork: $!\\n";
  if ($pid) {
    open(my $file, '>', $pid_file) or die "cannot write $pid_file: $!\\n";
    print $file "$pid\\n";
    return;
  }
  open(STDIN, '<', '/dev/null');
  open(STDOUT, '>>', $log) or die "cannot write $log: $!\\n";
  open(STDERR, '>&', \\*STDOUT);
  setpriority(0, 0, $priority);
  { no warnings; exec { $argv[0] } @argv }
  print STDERR "cannot run $argv[0]: $!\\n";
  exit 127;
}

# Twice in a row: on its way it may have waited for a moment. Its state stands behind its name (proc(5), /proc/pid/stat).
sub settle {
  my ($pid_file) = @_;
  open(my $file, '<', $pid_file) or die "cannot read $pid_file: $!\\n";
  my $pid = <$file> + 0;
  my $end = time + 10;
  for (my $looks = 0; $looks < 2 and time < $end; select(undef, undef, undef, 0.02)) {
    open(my $stat, '<', "/proc/$pid/stat") or return;
    $looks = (<$stat> // '') =~ /\\) [RD]/ ? 0 : $looks + 1;
  }
}
`;

function fieldsOf(step: Step): readonly string[] {
  switch (step.do) {
    case 'folder':
    case 'enter':
      return [step.do, step.path];
    case 'link':
      return [step.do, step.path, step.to];
    case 'sysctl':
      return [step.do, step.path, step.value, ...(step.ifThere ? ['if-there'] : [])];
    case 'run':
      return [step.do, ...step.argv];
    case 'start':
      return [step.do, step.log, step.pidFile, String(step.priority), ...step.argv];
    case 'settle':
      return [step.do, step.pidFile];
  }
}

/** Tabs and ends of lines part the fields, and the percent sign stands for itself as %25. */
const escapeField = (text: string): string =>
  text.replace(/[%\t\n\r]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
