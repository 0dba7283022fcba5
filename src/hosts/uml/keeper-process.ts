import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Is the process a keeper? Told by its command line: node, flags, …/keeper.js, order. */
export function isKeeper(pid: number): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = argv.slice(1).find((word) => !word.startsWith('--'));
    return program !== undefined && basename(program) === 'keeper.js';
  } catch {
    return false;
  }
}
