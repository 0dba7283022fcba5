import { expect, test } from 'vitest';
import { leastUsed, parseCpus } from '../../../src/hosts/uml/cpu.ts';
import { fstab, initScript, isHiddenAtStart, isMountable } from '../../../src/hosts/uml/init.ts';
import { lastLines, reasonOf } from '../../../src/hosts/uml/record.ts';

const init = {
  directory: '/home/x/.tierlab/ab12cd',
  node: '/usr/bin/node',
  agent: '/opt/tierlab/dist/agent.js',
};

test('the one place that a guest may write to on the machine is the folder of the lab', () => {
  const writable = fstab(init)
    .split('\n')
    .filter((line) => line.includes(' hostfs ') && !/\bro\b/.test(line));
  expect(writable).toEqual([
    'none /home/x/.tierlab/ab12cd hostfs X-mount.mkdir,rw,/home/x/.tierlab/ab12cd 0 0',
  ]);
});

test('programs that a mount of the guest would hide are mounted again, read-only, before the folder of the lab', () => {
  const lines = fstab({ ...init, agent: '/tmp/pack/dist/agent.js', directory: '/tmp/lab' }).split('\n');
  const tmp = lines.findIndex((line) => line.startsWith('tmpfs /tmp '));
  const programs = lines.indexOf('none /tmp/pack hostfs X-mount.mkdir,ro,/tmp/pack 0 0');
  const lab = lines.indexOf('none /tmp/lab hostfs X-mount.mkdir,rw,/tmp/lab 0 0');
  expect(tmp).toBeGreaterThanOrEqual(0);
  expect(programs).toBeGreaterThan(tmp);
  expect(lab).toBeGreaterThan(programs);
});

test('spaces and quotes in paths reach mount and shell as they are', () => {
  const odd = { ...init, directory: '/home/J D/labs#1', node: "/opt/it's/node" };
  expect(fstab(odd)).toContain(
    'none /home/J\\040D/labs\\0431 hostfs X-mount.mkdir,rw,/home/J\\040D/labs\\0431 0 0',
  );
  expect(initScript(odd)).toContain("'/opt/it'\\''s/node' ");
});

test.each([
  ['/home/a b/lab', true],
  ['/home/a,b/lab', false],
  ['/home/a"b', false],
  ['/home/a\\b', false],
  ['/home/a\nb', false],
])('a folder named %j can be mounted: %s', (path, expected) => {
  expect(isMountable(path)).toBe(expected);
});

test('only folders below /dev, /proc and /sys are hidden before a guest can start', () => {
  expect(['/dev/shm/x', '/proc/x', '/sys'].map(isHiddenAtStart)).toEqual([true, true, true]);
  expect(['/device/x', '/tmp/x', '/run/user/1/x'].map(isHiddenAtStart)).toEqual([false, false, false]);
});

test('lists of CPUs are read as the kernel writes them', () => {
  expect(parseCpus('0-2,5,8-9')).toEqual([0, 1, 2, 5, 8, 9]);
  expect(parseCpus('3')).toEqual([3]);
  expect(parseCpus('')).toEqual([]);
});

test('a guest gets an allowed CPU with the fewest guests, and equals are spread', () => {
  const guests = new Map([
    [1, 1],
    [7, 5],
  ]);
  expect(leastUsed([1, 2, 3], guests, 0)).toBe(2);
  expect(leastUsed([1, 2, 3], guests, 1)).toBe(3);
  expect(leastUsed([1], guests, 5)).toBe(1);
  expect(leastUsed([], guests, 5)).toBeUndefined();
});

test.each([
  [
    { exitCode: 1, signal: null },
    ['x', 'Kernel panic - not syncing: Fatal exception'],
    'its kernel panicked: Fatal exception',
  ],
  [{ exitCode: null, signal: 'SIGKILL' }, [], 'its process was killed by SIGKILL'],
  [
    { exitCode: 0, signal: null },
    ['tierlab: the guest was ended by its agent (exit code 1)', 'reboot: Power down'],
    'was ended by its agent (exit code 1)',
  ],
  [{ exitCode: 0, signal: null }, ['sysrq: Power Off', 'reboot: Power down'], 'it was powered off'],
  [{ exitCode: 3, signal: null }, [], 'its process ended with exit code 3'],
  [
    { exitCode: 0, signal: null },
    ['Out of memory: Killed process 88 (haproxy) total-vm:1kB', 'reboot: Power down'],
    'it was powered off (Out of memory: Killed process 88 (haproxy))',
  ],
])('an end of %j after %j has its reason', (end, lines, reason) => {
  expect(reasonOf(end, lines)).toContain(reason);
});

test('the last lines of a console leave out empty ones', () => {
  expect(lastLines('a\r\n\r\nb\nc\n', 2)).toEqual(['b', 'c']);
});
