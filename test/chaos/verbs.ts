/** What the loop asks of the command line, and how long each may take before it counts as hung. */
import { labName } from './files.ts';

export interface Verb {
  readonly argv: readonly string[];
  /** How long it usually takes (ms): a strike comes within this time. */
  readonly usualMs: number;
  /** How long it may take on a machine that is busy, and with whatever has been done to its lab (ms). */
  readonly limitMs: number;
  /** Its exit code may be that of the program that it ran. */
  readonly passesExitCode?: boolean;
}

const lab = ['--lab', labName];

export const verbs = {
  up: { argv: ['up', 'small.yaml', '--host', 'HOST'], usualMs: 5000, limitMs: 150_000 },
  test: {
    argv: ['test', 'short.yaml', '--host', 'HOST', '--runs', 'DISK/runs'],
    usualMs: 9000,
    limitMs: 240_000,
  },
  down: { argv: ['down', labName], usualMs: 800, limitMs: 60_000 },
  ps: { argv: ['ps', ...lab], usualMs: 800, limitMs: 90_000 },
  exec: {
    argv: ['exec', 'l4-1', ...lab, '--', 'sh', '-c', 'seq 2000; sleep 0.3; exit 7'],
    usualMs: 900,
    limitMs: 90_000,
    passesExitCode: true,
  },
  crash: { argv: ['fault', 'add', 'node.crash', 'l4-1', ...lab], usualMs: 1200, limitMs: 120_000 },
  cut: { argv: ['fault', 'add', 'link.down', 'l7-1:fabric', ...lab], usualMs: 800, limitMs: 120_000 },
  heal: { argv: ['fault', 'heal', '--all', ...lab], usualMs: 1500, limitMs: 120_000 },
  drain: { argv: ['drain', 'l7-2', '--within', '6s', ...lab], usualMs: 2500, limitMs: 120_000 },
  apply: { argv: ['apply', 'larger.yaml', ...lab], usualMs: 3000, limitMs: 150_000 },
  shrink: { argv: ['apply', 'small.yaml', ...lab], usualMs: 3000, limitMs: 150_000 },
  scale: { argv: ['scale', 'l7', '+1', ...lab], usualMs: 3000, limitMs: 150_000 },
  traffic: { argv: ['traffic', 'start', '--connections', '5', ...lab], usualMs: 2000, limitMs: 180_000 },
  quiet: { argv: ['traffic', 'stop', ...lab], usualMs: 1000, limitMs: 90_000 },
  capture: {
    argv: ['capture', 'r', '--seconds', '1', '-o', 'DISK/trace.pcapng', ...lab],
    usualMs: 1800,
    limitMs: 90_000,
  },
  logs: { argv: ['logs', 'l7-1', ...lab], usualMs: 200, limitMs: 30_000 },
} as const satisfies Readonly<Record<string, Verb>>;

export type VerbName = keyof typeof verbs;

export const verbNames = Object.keys(verbs) as VerbName[];
