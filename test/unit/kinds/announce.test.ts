/** What announces VIPs, run as it is but for the kernel's list, and for the programs that it calls: those write down what they are called with. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { announceScript } from '../../../src/kinds/ipvs/announce.ts';

const recorded = (name: string): string => readFileSync(new URL(`recorded/${name}`, import.meta.url), 'utf8');
const whole = recorded('ip_vs.txt');
/** As the kernel leaves servers out: only the first one of three. */
const short = whole.split('\n').slice(0, 5).join('\n');
const vip = '198.51.100.1';

interface Called {
  /** What `ip` was told, a line each. */
  readonly ip: string;
  /** How often `ipvsadm` was asked. */
  readonly asked: number;
  readonly tookMs: number;
}

/** @param kernel what is in /proc/net/ip_vs; absent: it cannot be read. @param netlink what ipvsadm says */
function announce(
  [servers, seconds, ...vips]: readonly string[],
  { kernel, netlink }: { readonly kernel?: string; readonly netlink: string },
): Called {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-announce-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const list = join(folder, 'ip_vs');
  if (kernel !== undefined) writeFileSync(list, kernel);
  const program = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o700);
    return path;
  };
  const ip = program('ip', `cat >>'${folder}/ip.said'`);
  writeFileSync(join(folder, 'netlink'), netlink);
  program('ipvsadm', `[ "$*" = -Ln ] && echo x >>'${folder}/asked' && cat '${folder}/netlink'`);
  for (const file of ['ip.said', 'asked']) writeFileSync(join(folder, file), '');
  const script = announceScript.replace('/proc/net/ip_vs', list).replace('/sbin/ip', ip);
  const start = performance.now();
  const argv = ['-e', script, 'announce', servers ?? '', seconds ?? '', ...vips];
  const { status, stderr } = spawnSync('perl', argv, { encoding: 'utf8', env: { PATH: `${folder}:/bin` } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return {
    ip: readFileSync(join(folder, 'ip.said'), 'utf8'),
    asked: readFileSync(join(folder, 'asked'), 'utf8').length / 2,
    tookMs: performance.now() - start,
  };
}

const announced = `address replace ${vip}/32 dev announce\n`;

test('where the kernel lists all servers they are announced, and no other program is asked', () => {
  const netlink = recorded('ipvsadm.txt');
  expect(announce(['3', '2', vip], { kernel: whole, netlink })).toMatchObject({ ip: announced, asked: 0 });
});

test.each([
  ['leaves servers out', short],
  ['cannot be read', undefined],
])('where the list of the kernel %s, ipvsadm is asked, and nobody waits for the deadline', (_, kernel) => {
  const called = announce(['3', '30', vip], {
    ...(kernel === undefined ? {} : { kernel }),
    netlink: recorded('ipvsadm.txt'),
  });
  expect(called.ip).toBe(announced);
  expect(called.asked).toBeGreaterThan(0);
  expect(called.tookMs).toBeLessThan(20_000);
});

test('a server without a weight is waited for until the deadline, whoever is asked', () => {
  const netlink = recorded('ipvsadm.txt').replace(
    '135:80               Tunnel  1',
    '135:80               Tunnel  0',
  );
  const called = announce(['3', '1', vip], { kernel: short, netlink });
  expect(called.ip).toBe(announced);
  expect(called.tookMs).toBeGreaterThan(1000);
  expect(called.asked).toBeGreaterThan(1);
});

test('where no server is well, nothing is announced', () => {
  const netlink = recorded('ipvsadm.txt').replaceAll('Tunnel  1', 'Tunnel  0');
  const kernel = short.replace('Tunnel  1', 'Tunnel  0');
  expect(announce(['3', '1', vip], { kernel, netlink }).ip).toBe('');
});

test('servers of other VIPs do not count, of neither family', () => {
  const six = recorded('ipvsadm.txt').replace(`${vip}:80`, '[2001:db8:100::1]:80');
  expect(announce(['3', '1', vip], { kernel: '', netlink: six }).ip).toBe('');
  const called = announce(['3', '30', '2001:db8:100::1'], { kernel: '', netlink: six });
  expect(called.ip).toBe('address replace 2001:db8:100::1/128 dev announce\n');
});

test('to withdraw nobody is asked', () => {
  const called = announce(['none', '0', vip], { kernel: whole, netlink: recorded('ipvsadm.txt') });
  expect(called).toMatchObject({ ip: `address delete ${vip}/32 dev announce\n`, asked: 0 });
});
