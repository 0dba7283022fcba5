/**
 * Perl that enters network namespaces, for the programs of a lab that do so many times in one process: Node cannot, and
 * `nsenter` is a process each time. Debian's Essential perl-base has it; no module is loaded, since in the guest Socket
 * and Config alone take as long as all the rest.
 *
 * Defines `enter(who, path)`, `home()` (back to where it started) and `raise_files()`. System calls go by `$number`: those of
 * x86-64, and of asm-generic/unistd.h for aarch64 and riscv64; the machine is e_machine in the header of the own
 * program (elf(5)).
 */
export const namespacePerl = `use strict;
BEGIN { $^W = 1 }
my ($newnet, $rlimit_nofile) = (0x40000000, 7);
my %numbers = (
  62 => { setns => 308, prlimit => 302, mmap => 9, read => 0, fsync => 74, unshare => 272 }, # x86-64
  183 => { setns => 268, prlimit => 261, mmap => 222, read => 63, fsync => 82, unshare => 97 }, # aarch64
  243 => { setns => 268, prlimit => 261, mmap => 222, read => 63, fsync => 82, unshare => 97 }, # riscv64
);
open(my $self, '<:raw', '/proc/self/exe') or die "cannot read /proc/self/exe: $!\\n";
read($self, my $elf, 20);
close($self);
my $machine = unpack('x18v', $elf);
my $number = $numbers{$machine} or die "system call numbers of machine $machine are not known\\n";
open(my $home, '<', '/proc/self/ns/net') or die "cannot open /proc/self/ns/net: $!\\n";

# A connection is a file. Without the right to raise the limit it stays as it is.
sub raise_files {
  for my $wanted (@_) {
    last if syscall($number->{prlimit}, 0, $rlimit_nofile, pack('QQ', $wanted, $wanted), 0) == 0;
  }
}

sub enter {
  my ($who, $path) = @_;
  open(my $namespace, '<', $path) or die "$who: cannot open namespace $path: $!\\n";
  syscall($number->{setns}, fileno($namespace), $newnet) == 0 or die "$who: cannot enter $path: $!\\n";
  close($namespace);
  return 1;
}

sub home { return enter('home', '/proc/self/fd/' . fileno($home)) }
`;
