import { programsDirectory } from '../../base/programs.ts';
import type { HostKind } from '../contract.ts';
import { boot } from './boot.ts';
import { Connection } from './connection.ts';
import { destroyGuest } from './destroy.ts';
import { guestHost } from './guest-host.ts';
import { probeUml } from './probe.ts';
import { guestDied } from './record.ts';

/**
 * A user-mode-linux guest: a whole Linux kernel that runs as a process of an ordinary user, with the machine's own root
 * file system, read-only. @param programs folder with keeper.js and agent.js
 */
export function umlHost(programs: string = programsDirectory()): HostKind {
  return {
    name: 'uml',
    probe: probeUml,
    open: async (options) => {
      try {
        return await boot({ ...options, programs });
      } catch (error) {
        await destroyGuest(options.lab);
        throw error;
      }
    },
    connect: async (lab) => {
      const whyGone = () => guestDied(lab.directory);
      const connection = await Connection.open(lab.directory, whyGone).catch(() => {
        throw whyGone();
      });
      const { kernel } = await connection.hello;
      return guestHost(lab, connection, kernel);
    },
    destroy: destroyGuest,
  };
}
