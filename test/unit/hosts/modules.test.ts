import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isBuiltIn, loadableModules, missingModules } from '../../../src/hosts/modules.ts';
import { findProgram } from '../../../src/hosts/programs.ts';

const folder = mkdtempSync(join(tmpdir(), 'tierlab-modules-'));
writeFileSync(join(folder, 'modules.builtin'), 'kernel/net/bridge/bridge.ko\nkernel/fs/ext4/ext4.ko\n');
writeFileSync(
  join(folder, 'modules.dep'),
  'kernel/net/netfilter/ipvs/ip_vs.ko.xz: kernel/lib/x.ko\nkernel/net/ip6-tunnel.ko:\n',
);
afterAll(() => rmSync(folder, { recursive: true }));

test('a module is there when it is loaded or built in, whether written with - or _', () => {
  const loaded = 'veth 20480 0 - Live 0x0\nsch_netem 16384 0 - Live 0x0\n';
  const wanted = ['veth', 'sch-netem', 'bridge', 'ip_vs', 'ext'];
  expect(missingModules(wanted, loaded, [folder])).toEqual(['ip_vs', 'ext']);
});

test('a module is loadable when the kernel has a file of that name, compressed or not', () => {
  expect(loadableModules(['ip_vs', 'ip6_tunnel', 'x', 'veth'], [folder])).toEqual(['ip_vs', 'ip6_tunnel']);
  expect(loadableModules(['ip_vs'], [])).toEqual([]);
});

test('the configuration of a kernel tells what is built in, under the names that it uses', () => {
  const configuration =
    '\nCONFIG_NET_IPIP=y\nCONFIG_IP_VS=m\nCONFIG_IP_VS_MH=y\n# CONFIG_NET_SCH_NETEM is not set\n';
  const builtIn = (name: string): boolean => isBuiltIn(name, configuration);
  expect(['ipip', 'ip_vs_mh'].map(builtIn)).toEqual([true, true]);
  expect(['ip_vs_nq', 'sch_netem'].map(builtIn)).toEqual([false, false]);
});

test('a program is looked for in the folders of the path, or where its own path says', () => {
  expect(findProgram('sh')).toMatch(/\/sh$/);
  expect(findProgram('/bin/sh')).toBe('/bin/sh');
  expect(findProgram('no-such-program')).toBeUndefined();
  expect(findProgram('/bin')).toBeUndefined();
  expect(findProgram('')).toBeUndefined();
});
