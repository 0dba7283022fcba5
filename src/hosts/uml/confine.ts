/**
 * The guest kernel is a process of the user who started it, and its root can mount any folder of the machine, writable. So
 * before it starts, everything but the lab's folder is taken out of its reach:
 *
 * - For root, by a mount namespace in which all is read-only, with a /dev/shm of its own for the guest's memory, and without
 *   /proc, in which `/proc/1/root` would lead out again (mount_setattr(2), Linux 5.12).
 * - For others (or where root may not do that, as in many containers), by Landlock, which refuses to write, make and remove
 *   files elsewhere (landlock(7), Linux 5.13). Modes and owners it cannot guard: those of the user's own files.
 *
 * Where neither can be had the guest starts all the same, and the last line of its start says so.
 */
import { join } from 'node:path';
import { guestFiles } from './files.ts';

/** The program that confines itself and then becomes the guest kernel: its arguments. */
export function confining(directory: string, perl: string, argv: readonly string[]): readonly string[] {
  return [perl, confineFile(directory), directory, ...argv];
}

export const confineFile = (directory: string): string => join(guestFiles(directory).uml, confineName);
export const confineName = 'confine.pl';

/** What is said on the console where the guest could not be confined. */
export const unconfined = 'tierlab: the guest is not confined';

/** System calls by number: the guest kernel exists for x86-64 alone. */
export const confineScript = `use strict;
BEGIN { $^W = 1 }
my ($unshare, $mount, $mount_setattr) = (272, 165, 442);
my ($prctl, $create_ruleset, $add_rule, $restrict_self) = (157, 444, 445, 446);
my $directory = shift @ARGV;
my $why = '';
($> == 0 && read_only()) || landlock() || print STDERR "${unconfined}: $why\\n";
exec { $ARGV[0] } @ARGV or die "cannot run $ARGV[0]: $!\\n";

sub failed { $why = "$_[0]: $!"; return 0 }

sub read_only {
  my ($newns, $bind, $private_all, $recursive) = (0x20000, 0x1000, 0x44000, 0x8000);
  syscall($unshare, $newns) == 0 or return failed('unshare');
  my ($none, $root, $shm, $proc, $tmpfs) = ('none', '/', '/dev/shm', '/proc', 'tmpfs');
  syscall($mount, $none, $root, 0, $private_all, 0) == 0 or return failed('private mounts');
  syscall($mount, $directory, $directory, 0, $bind, 0) == 0 or return failed('bind mount');
  syscall($mount, $tmpfs, $shm, $tmpfs, 0, 0) == 0 or return failed('/dev/shm');
  attributes($root, $recursive, 1, 0) or return failed('read-only mounts');
  attributes($_, 0, 0, 1) or return failed("writable $_") for $directory, $shm;
  my $options = 'size=4k,mode=555';
  syscall($mount, $tmpfs, $proc, $tmpfs, 1, $options) == 0 or return failed('/proc');
  return chdir($directory) || failed('chdir');
}

# struct mount_attr: set, clear, propagation, user namespace. 1 is MOUNT_ATTR_RDONLY, and -100 AT_FDCWD.
sub attributes {
  my ($path, $flags, $set, $clear) = @_;
  my $attributes = pack('Q4', $set, $clear, 0, 0);
  return syscall($mount_setattr, -100, $path, $flags, $attributes, 32) == 0;
}

sub landlock {
  my $version = syscall($create_ruleset, 0, 0, 1);
  return failed('Landlock') if $version < 1;
  # LANDLOCK_ACCESS_FS_WRITE_FILE, and from REMOVE_DIR to MAKE_SYM; then REFER and TRUNCATE.
  my $writing = 0x2 | 0x1ff0 | ($version >= 2 ? 0x2000 : 0) | ($version >= 3 ? 0x4000 : 0);
  my $handled = pack('Q', $writing);
  my $ruleset = syscall($create_ruleset, $handled, 8, 0);
  return failed('Landlock') if $ruleset < 0;
  for my $path ($directory, $ENV{TMPDIR}) {
    opendir(my $folder, $path) or return failed($path);
    my $beneath = pack('Ql', $writing, fileno($folder));
    syscall($add_rule, $ruleset, 1, $beneath, 0) == 0 or return failed("Landlock for $path");
  }
  # PR_SET_NO_NEW_PRIVS
  syscall($prctl, 38, 1, 0, 0, 0) == 0 or return failed('no new privileges');
  return syscall($restrict_self, $ruleset, 0) == 0 || failed('Landlock');
}
`;
