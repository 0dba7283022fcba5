import { z } from 'zod';
import { defineFault } from './contract.ts';
import { daemonField, endDaemon, kindsWithDaemons, refuseDaemon, startDaemon } from './daemons.ts';

/** A daemon dies, the rest of its node goes on: what the kernel has (routes, tables) stays. */
export const daemonKill = defineFault({
  traits: {
    name: 'daemon.kill',
    summary: 'one daemon of a node dies; heal starts it again',
    target: 'node',
    kinds: kindsWithDaemons,
    options: z.strictObject({
      daemon: daemonField,
      signal: z
        .enum(['KILL', 'TERM'])
        .default('KILL')
        .meta({ description: 'KILL: without a word; TERM: it may say goodbye.' }),
    }),
    refuse: (node, { daemon }) => refuseDaemon(node, daemon),
  },

  startsDaemonAnew: 'heal',

  inject: (lab, { node }, { daemon, signal }) => endDaemon(lab, node, daemon, signal),

  heal: (lab, { node }, { daemon }) => startDaemon(lab, node, daemon),
});
