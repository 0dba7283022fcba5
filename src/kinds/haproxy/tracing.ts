/** What HAProxy says of one connection: a line of its log when it ended, a line of `show sess` while it is open. */
import { endpoint } from '../../base/ip.ts';
import type { Kind } from '../contract.ts';
import { statsSocket } from './stats.ts';

export const tracing: NonNullable<Kind['tracing']> = {
  daemon: 'haproxy',

  // The last word of a line: see the log format in config.ts.
  connectionOf: (line) => /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.exec(line)?.[0],

  // "0x5581…: proto=tcpv4 src=203.0.113.9:3412 fe=web be=tl_web srv=web-1 …" (HAProxy management.txt, 9.3). An IPv6 address has no brackets there.
  open: async (view) =>
    (await view.ask(statsSocket(view.paths), 'show sess\n')).split('\n').flatMap((line) => {
      const [, address, port] = / src=\[?([^\s\]]+)\]?:(\d+)/.exec(line) ?? [];
      const words = line.split(' ').filter((word) => told.has(word.split('=', 1)[0] ?? ''));
      if (address === undefined || port === undefined) return [];
      return [{ client: endpoint(address, port), text: `open: ${words.join(' ')}` }];
    }),
};

/** Of some thirty: who, where to, since when, and how long it is yet kept open. The rest is HAProxy's bookkeeping. */
const told = new Set(['src', 'fe', 'be', 'srv', 'age', 'exp']);
