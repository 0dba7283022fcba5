import { accessSync, constants, statSync } from 'node:fs';
import type { HostName, Requirements } from './contract.ts';
import { programPath } from './environment.ts';

type Program = Requirements['programs'][number];

/** What each host itself needs. The rest of what they use (mount, stty, script, setpriv) is on every Debian. */
export const hostPrograms: Readonly<Record<HostName, readonly Program[]>> = {
  native: [
    { command: 'ip', debianPackage: 'iproute2' },
    { command: 'modprobe', debianPackage: 'kmod' },
  ],
  uml: [
    { command: 'linux.uml', debianPackage: 'user-mode-linux' },
    { command: 'perl', debianPackage: 'perl-base' },
    { command: 'ip', debianPackage: 'iproute2' },
    { command: 'modprobe', debianPackage: 'kmod' },
  ],
};

/** @returns the program's path, if it can be executed; a bare name is looked for where programs of a lab are */
export function findProgram(command: string, path: string = programPath): string | undefined {
  const candidates = command.includes('/')
    ? [command]
    : path.split(':').map((folder) => `${folder}/${command}`);
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return statSync(candidate).isFile();
    } catch {
      return false;
    }
  });
}

export function missingPrograms(programs: readonly Program[]): Program[] {
  return programs.filter(({ command }) => findProgram(command) === undefined);
}

/** Debian packages that must be installed for these hosts to do what is required, sorted. */
export function missingPackages(requirements: Requirements, hosts: readonly HostName[]): string[] {
  const programs = [...requirements.programs, ...hosts.flatMap((host) => hostPrograms[host])];
  return [...new Set(missingPrograms(programs).map(({ debianPackage }) => debianPackage))].sort();
}

/** A missing program as a problem with its remedy. */
export function programProblem({ command, debianPackage }: Program): { what: string; remedy: string } {
  return { what: `no program "${command}"`, remedy: installCommand([debianPackage]) };
}

export function installCommand(packages: readonly string[]): string {
  return `${process.getuid?.() === 0 ? '' : 'sudo '}apt-get install --no-install-recommends ${packages.join(' ')}`;
}
