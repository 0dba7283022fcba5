import { basename, dirname } from 'node:path';
import { quote } from '../launch.ts';
import { guestFiles } from './files.ts';
import { isCovered, openFiles } from './guest-setup.ts';

export interface GuestInit {
  /** The lab's folder: the one place that the guest can write to on the machine. */
  readonly directory: string;
  /** Path of the Node binary. */
  readonly node: string;
  /** Path of agent.js. */
  readonly agent: string;
}

/**
 * Process 1 of the guest. One `mount` does all mounts, and the agent does what needs no process of its own, because each
 * costs 30 ms. `mount` has the set-user-ID bit: where this machine's root is somebody else to us, as in a user namespace
 * (user_namespaces(7)), it would make guest root that user, who may not mount; without new privileges the bit has no effect
 * (execve(2)). Options go to the kernel as they are (mount(2)): libmount 2.39 would take them apart (fsconfig(2)), and then hostfs,
 * from Linux 6.11 on, wants a name before its path that older kernels do not know (fs/hostfs/hostfs_kern.c).
 * The shell waits for the agent and thereby reaps whatever orphans the guest's tasks leave to it.
 */
export function initScript({ directory, node, agent }: GuestInit): string {
  const { fstab } = guestFiles(directory);
  return `#!/bin/sh
exec </dev/console >/dev/console 2>&1
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022
ulimit -n ${openFiles}
end() {
  echo "tierlab: the guest $1"
  echo o > /proc/sysrq-trigger
  while :; do read -r _ || sleep 1; done
}
LIBMOUNT_FORCE_MOUNT2=always setpriv --no-new-privs mount -a -T ${quote(fstab)} || end "could not mount its file systems"
[ ! -e ${ioUring} ] || echo 2 > ${ioUring}
ip link set lo up &
exec 3<>/dev/ttyS0
stty raw -echo <&3 || end "could not prepare its line"
${quote(node)} ${flags.join(' ')} ${quote(agent)}
end "was ended by its agent (exit code $?)"
`;
}

/**
 * Nobody may use io_uring (Linux Documentation/admin-guide/sysctl/kernel.rst). Node does where it can, and user-mode-linux 6.12 gives it
 * rings whose pages it counts wrongly whenever such a process forks ("Bad page map", mm/memory.c): of three guests one
 * panicked soon after, anywhere. 6.1 has no such switch, and needs none.
 */
const ioUring = '/proc/sys/kernel/io_uring_disabled';

/** The agent lives in little memory, and all of it counts for the machine. */
const flags = ['--max-semi-space-size=1', '--v8-pool-size=0'];

/** What the guest mounts, in this order. The lab's folder comes last, since it may lie in any of the others. */
export function fstab({ directory, node, agent }: GuestInit): string {
  const covered = [...new Set([dirname(node), packageOf(agent)])].filter(isCovered);
  const lines = [
    ['proc', '/proc', 'proc', 'defaults'],
    ['sysfs', '/sys', 'sysfs', 'defaults'],
    ['tmpfs', '/run', 'tmpfs', 'mode=755'],
    ['tmpfs', '/tmp', 'tmpfs', 'mode=1777'],
    ['devpts', '/dev/pts', 'devpts', 'X-mount.mkdir,gid=5,mode=620,ptmxmode=666'],
    ['tmpfs', '/dev/shm', 'tmpfs', 'X-mount.mkdir,mode=1777'],
    ...covered.map((folder) => ['none', folder, 'hostfs', `X-mount.mkdir,ro,${folder}`]),
    ['none', directory, 'hostfs', `X-mount.mkdir,rw,${directory}`],
  ];
  return lines.map((fields) => `${fields.map(escapeField).join(' ')} 0 0\n`).join('');
}

/** The kernel mounts its own /dev before process 1 starts, whose script is in the lab's folder. */
export function isHiddenAtStart(directory: string): boolean {
  return ['/dev/', '/proc/', '/sys/'].some((folder) => `${directory}/`.startsWith(folder));
}

/** All of tierlab's package, where the agent is in its dist/: a tierlab in the guest (its host `native`) needs that, too. */
function packageOf(agent: string): string {
  const folder = dirname(agent);
  return basename(folder) === 'dist' ? dirname(folder) : folder;
}

/** Neither fstab's options nor the kernel's command line can carry these. */
export function isMountable(path: string): boolean {
  return !/[",\\\u0000-\u001f\u007f]/.test(path);
}

/** fstab(5): a space is written as \\040. */
const escapeField = (field: string): string => field.replaceAll(' ', '\\040').replaceAll('#', '\\043');
