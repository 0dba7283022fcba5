import type { HostLab } from './contract.ts';
import { tagOf } from './process-tag.ts';

/** Where programs are looked for, in every host alike. */
export const programPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The whole environment of a program that runs for a lab. Nothing is inherited, so that a lab behaves the same
 * on every host and for every user; `extra` cannot take the lab's tag away.
 */
export function programEnvironment(
  lab: HostLab,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: programPath,
    HOME: '/root',
    LANG: 'C.UTF-8',
    TERM: process.env.TERM ?? 'xterm',
    ...extra,
    ...tagOf(lab),
  };
}
