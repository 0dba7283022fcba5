/** What is compared before and after all guest tests, and each round of chaos, misses nothing that a lab could leave behind. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, HostKind, HostLab } from '../../src/hosts/contract.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { compareInventories, type Inventory } from '../machine-inventory.ts';
import { makeLab } from './guest-programs.ts';
import { repository } from './tierlab.ts';

/** By part of the inventory: what changes it, on a machine that we may change: a guest. */
const changes: readonly (readonly [part: string, change: string])[] = [
  ['interfaces', 'ip link add stray type dummy'],
  ['addresses', 'ip address add 192.0.2.1/32 dev lo'],
  ['routes', 'ip route add blackhole 192.0.2.9/32'],
  ['rules', 'ip rule add pref 77 from 192.0.2.1 lookup main'],
  ['namespaces', 'ip netns add stray'],
  ['firewall', 'modprobe -d /run/tierlab/modules ip_vs && ipvsadm -A -t 192.0.2.1:80 -s rr'],
  ['sysctls', 'echo 1 > /proc/sys/net/ipv4/ip_forward'],
  ['sysctls', 'echo 12345678 > /proc/sys/fs/file-max'],
  ['modules', 'modprobe -d /run/tierlab/modules ip_gre'],
  ['mounts', 'mkdir /run/stray && mount -t tmpfs none /run/stray'],
  ['processes', 'setsid sleep 1000 < /dev/null > /dev/null 2>&1 &'],
  [
    'sockets',
    `setsid perl -MIO::Socket::UNIX -e 'my $socket = IO::Socket::UNIX->new(Local => "/run/stray.sock", Listen => 1); sleep 1000' < /dev/null > /dev/null 2>&1 & until [ -e /run/stray.sock ]; do sleep 0.1; done`,
  ],
  ['files', 'touch /dev/shm/stray'],
];

describe("the machine's inventory", () => {
  let lab: HostLab;
  let kind: HostKind;
  let guest: Host;
  const take = async (): Promise<Inventory> => {
    const script = join(repository, 'node_modules/.cache/tierlab/inventory.mjs');
    const { stdout, stderr } = await guest.exec([process.execPath, script]);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Inventory;
  };

  beforeAll(async () => {
    const bundle = [join(repository, 'test/bundle.mjs'), join(repository, 'test/chaos/print-inventory.ts')];
    const { status, stderr } = spawnSync(process.execPath, [...bundle, 'inventory']);
    expect(status, String(stderr)).toBe(0);
    lab = await makeLab();
    kind = umlHost(join(repository, 'dist'));
    guest = await kind.open({ lab, report: () => undefined });
    // Who asks for IPv6 makes the kernel load it.
    await take();
  });
  afterAll(async () => {
    await guest?.disconnect();
    await kind.destroy(lab);
    rmSync(lab.directory, { recursive: true, force: true });
  });

  test('is the same twice where nothing was changed', async () => {
    expect(compareInventories(await take(), await take())).toEqual([]);
  });

  test.each(changes)('tells of %s: %s', async (part, change) => {
    const before = await take();
    const { exitCode, stderr } = await guest.exec(['sh', '-c', change]);
    expect(exitCode, stderr).toBe(0);
    const told = compareInventories(before, await take());
    expect(told.filter((line) => line.startsWith(`+ ${part}: `))).not.toEqual([]);
  });
});
