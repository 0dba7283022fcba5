import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { KeeperOrder } from './keeper.ts';

/** Is the process a keeper? Told by its command line: node, flags, …/keeper.js, order. */
export function isKeeper(pid: number): boolean {
  return orderText(pid) !== undefined;
}

/** What a keeper was told to keep, whoever it belongs to: there from the moment it is started. @returns undefined if it is none */
export function keeperOrder(pid: number): KeeperOrder | undefined {
  try {
    return JSON.parse(orderText(pid) ?? '') as KeeperOrder;
  } catch {
    return undefined;
  }
}

function orderText(pid: number): string | undefined {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = argv.slice(1).findIndex((word) => !word.startsWith('--')) + 1;
    return program > 0 && basename(argv[program] ?? '') === 'keeper.js' ? argv[program + 1] : undefined;
  } catch {
    return undefined;
  }
}
