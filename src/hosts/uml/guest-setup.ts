/** What the guest as a whole gets before its first program runs. Files and sysctls only: a process would cost 30 ms. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Root of a small tree for `modprobe -d`: the machine's own /lib/modules may not exist and cannot be written. */
export const modulesRoot = '/run/tierlab/modules';

/** Where Debian's package user-mode-linux keeps the guest kernel's modules, by release. */
export const umlModules = '/usr/lib/uml/modules';

/** Open files a process of the guest may have. Higher makes daemons that size their tables by it use more memory. */
export const openFiles = 65_536;

export function setUpGuest(): void {
  mkdirSync(`${modulesRoot}/lib`, { recursive: true });
  symlinkSync(umlModules, `${modulesRoot}/lib/modules`);
  // The kernel itself asks for modules (a new ipvs scheduler, a link type), and keepalived asks whom the kernel asks.
  const modprobe = '/run/tierlab/modprobe';
  writeFileSync(modprobe, `#!/bin/sh\nexec /sbin/modprobe -d ${modulesRoot} "$@"\n`, { mode: 0o755 });
  for (const [path, value] of Object.entries({ ...sysctls, 'kernel/modprobe': modprobe })) {
    writeFileSync(`/proc/sys/${path}`, value);
  }
  // Whoever else opens and closes the agent's line hangs it up, and that would be the end of the guest.
  rmSync('/dev/ttyS0', { force: true });
  // Without the agent the guest is lost: let the kernel kill anything else first.
  writeFileSync('/proc/self/oom_score_adj', '-900');
}

/** Only what belongs to the whole guest; namespaces have their own copies of the rest. */
const sysctls: Readonly<Record<string, string>> = {
  'kernel/hostname': 'tierlab',
  // A kernel that went wrong must not limp on and spoil a verdict: it ends, and the next command says why.
  'kernel/panic_on_oops': '1',
  'fs/file-max': '1048576',
  // The neighbour table's limits count all namespaces together (net/core/neighbour.c); the default is 1,024.
  'net/ipv4/neigh/default/gc_thresh1': '8192',
  'net/ipv4/neigh/default/gc_thresh2': '16384',
  'net/ipv4/neigh/default/gc_thresh3': '32768',
  'net/core/somaxconn': '4096',
};

/** Folders in which a test or a user may keep things and which the guest covers with file systems of its own. */
const coveredFolders: readonly string[] = ['/run', '/tmp', '/dev', '/proc', '/sys'];

export function isCovered(path: string): boolean {
  return coveredFolders.some(
    (folder) => path === folder || dirname(path).startsWith(`${folder}/`) || dirname(path) === folder,
  );
}
