import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { exitCodes, WorldError } from '../../base/errors.ts';
import { exists } from '../../base/exists.ts';
import type { Requirements } from '../../hosts/contract.ts';
import { hostNames, missingPackages } from '../../hosts/index.ts';
import { kinds } from '../../kinds/index.ts';
import { requirementsOfKinds } from '../../lab/index.ts';
import type { Context } from '../context.ts';

/** Services that these packages bring: a lab runs daemons of its own, the machine's are to stay off. */
const services: Readonly<Record<string, string>> = {
  bird2: 'bird',
  haproxy: 'haproxy',
  keepalived: 'keepalived',
};

/**
 * Installs the Debian packages that are missing: as root at once, else through sudo after showing the command,
 * else it prints the command and ends with exit code 3.
 */
export async function setup(context: Context, { dryRun = false }: { dryRun?: boolean }): Promise<number> {
  const packages = await missingPackages(wanted(), hostNames);
  if (packages.length === 0) {
    context.print('Everything that labs need is installed.');
    context.printJson({ missing: [], installed: [] });
    return exitCodes.pass;
  }
  const isRoot = process.getuid?.() === 0;
  const script = installScript(packages, await exists('/run/systemd/system'));
  const argv = [...(isRoot ? [] : ['sudo']), 'sh', '-c', script];
  const shown = `${isRoot ? '' : 'sudo '}sh -c '${script}'`;
  if (dryRun) {
    context.print(shown);
    context.printJson({ missing: packages, installed: [], command: argv });
    return exitCodes.pass;
  }
  if (!(await onPath('apt-get')))
    throw cannotInstall(
      packages,
      shown,
      'this machine has no apt-get; install these packages in its own way',
    );
  if (!isRoot && !(await onPath('sudo')))
    throw cannotInstall(packages, shown, `as root, run: ${shown.replace(/^sudo /, '')}`);
  context.report({ type: 'step', message: `missing packages: ${packages.join(', ')}` });
  context.report({ type: 'step', message: `running: ${shown}` });
  const exitCode = await run(argv, context.signal);
  if (exitCode !== 0)
    throw cannotInstall(packages, shown, `as root, run: ${shown.replace(/^sudo /, '')}`, exitCode);
  const left = await missingPackages(wanted(), hostNames);
  if (left.length > 0)
    throw cannotInstall(left, shown, 'they were installed, but what they should bring is still not there');
  context.print(`Installed: ${packages.join(', ')}.`);
  context.printJson({ missing: [], installed: packages });
  return exitCodes.pass;
}

/** What labs need, and what people use inside them: a lab comes up without, but `capture` and the lessons do not get far. */
function wanted(): Requirements {
  const { modules, programs } = requirementsOfKinds(Object.values(kinds));
  const tools = ['curl', 'tcpdump'].map((name) => ({ command: name, debianPackage: name }));
  return { modules, programs: [...programs, ...tools] };
}

function installScript(packages: readonly string[], hasSystemd: boolean): string {
  const units = packages.flatMap((name) => services[name] ?? []);
  const install = `export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  return hasSystemd && units.length > 0
    ? `${install} && systemctl disable --now ${units.join(' ')}`
    : install;
}

function cannotInstall(
  packages: readonly string[],
  command: string,
  hint: string,
  exitCode?: number,
): WorldError {
  return new WorldError(`packages are missing: ${packages.join(', ')}`, {
    code: 'packages-missing',
    exitCode: 3,
    hint,
    details: exitCode === undefined ? [] : [`this ended with exit code ${exitCode}: ${command}`],
  });
}

/** All output goes to stderr: stdout is for the result. stdin stays: sudo may ask for a password. */
async function run([command = '', ...args]: readonly string[], signal: AbortSignal): Promise<number> {
  const child = spawn(command, args, { stdio: ['inherit', 2, 2], signal });
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return exitCode ?? 1;
}

async function onPath(command: string): Promise<boolean> {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return (await Promise.all(folders.map((folder) => exists(`${folder}/${command}`)))).includes(true);
}
