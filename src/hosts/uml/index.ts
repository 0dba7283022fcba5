import { WorldError } from '../../base/errors.ts';
import { programsDirectory } from '../../base/programs.ts';
import type { HostKind, HostLab } from '../contract.ts';
import { boot } from './boot.ts';
import { Connection, greeting } from './connection.ts';
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
    processors: () => 1,
    probe: probeUml,
    open: async (options) => {
      await refuseSecond(options.lab);
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
      try {
        const { kernel } = await greeting(connection);
        return guestHost(lab, connection, kernel);
      } catch (error) {
        await connection.close(whyGone());
        throw error;
      }
    },
    destroy: destroyGuest,
  };
}

/** A lab has one guest: opening a second would take the files of the first from it. */
async function refuseSecond(lab: HostLab): Promise<void> {
  const already = new WorldError(`the lab ${lab.id} has a guest already`, {
    code: 'guest-running',
    exitCode: 4,
    hint: 'connect to it, or run "tierlab down" first',
  });
  const connection = await Connection.open(lab.directory, () => already).catch(() => undefined);
  if (connection === undefined) return;
  await connection.close(already);
  throw already;
}
