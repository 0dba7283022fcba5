/**
 * What this machine's network and kernel are made of, before and after all guest tests: no test may leave it otherwise. Where
 * `CI` is set the machine is ours alone and a difference is a failure; elsewhere it may be somebody else's, and is told.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export default function setup(): () => void {
  const before = takeInventory();
  return () => {
    const difference = compareInventories(before, takeInventory());
    if (difference.length === 0) return;
    const lines = difference.map((line) => `  ${line}\n`).join('');
    if (process.env.CI === undefined) {
      process.stderr.write(
        `this machine has changed, by the tests or by somebody else (CI=1 makes it a failure):\n${lines}`,
      );
      return;
    }
    // Vitest tells what a teardown throws, but counts it as no failure.
    process.exitCode = 1;
    throw new Error(`the tests changed this machine:\n${lines}`);
  };
}

export type Inventory = Readonly<Record<string, readonly string[]>>;

export function takeInventory(): Inventory {
  return {
    interfaces: ask('ip', '-o', '-d', 'link'),
    addresses: ask('ip', '-o', 'addr'),
    routes: [
      ...ask('ip', '-4', 'route', 'show', 'table', 'all'),
      ...ask('ip', '-6', 'route', 'show', 'table', 'all'),
    ],
    rules: [...ask('ip', '-4', 'rule'), ...ask('ip', '-6', 'rule')],
    namespaces: ask('ip', 'netns', 'list'),
    firewall: ['nft list ruleset', 'iptables-save', 'ip6tables-save', 'ipvsadm -Sn'].flatMap((command) =>
      ask(...command.split(' ')),
    ),
    sysctls: settingsBelow('/proc/sys'),
    modules: linesOf('/proc/modules').map((line) => line.replace(/ .*/, '')),
    // proc(5): ids of the mount and its parent come first, and differ each time.
    mounts: linesOf('/proc/self/mountinfo').map((line) => line.split(' ').slice(2).join(' ')),
  };
}

/** @returns what is there in one only: `+` came, `-` went */
export function compareInventories(before: Inventory, after: Inventory): string[] {
  return Object.keys(after).flatMap((part) => {
    const [old = [], now = []] = [before[part], after[part]];
    return [
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${part}: ${line}`),
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${part}: ${line}`),
    ];
  });
}

/** What a program says, without what only counts or runs out; nothing if there is no such program. */
function ask(...argv: string[]): string[] {
  const [program = '', ...args] = argv;
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 10_000 });
  return (stdout ?? '')
    .split('\n')
    .map((line) =>
      line.replace(/\b(valid_lft|preferred_lft|expires|packets|bytes) \S+|\[\d+:\d+\]|^#.*/g, '').trim(),
    )
    .filter((line) => line !== '');
}

/** Every setting with its value, but for those that the kernel counts by itself. */
function settingsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return settingsBelow(path);
    if (counted.test(path)) return [];
    return linesOf(path).map((line) => `${path} ${line}`);
  });
}

/** What the kernel counts or draws by itself: numbers of files, inodes, processes, terminals; random(4). */
const counted =
  /_count$|_entries$|random|stable_secret|\/fs\/(dentry-state|inode-(nr|state)|file-nr|aio-nr|quota\/)|\/ns_last_pid$|\/pty\/nr$|\/perf_event_max_sample_rate$|\/sched_domain\//;

/** Of a file that may not be there, those that are not empty. */
export function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
