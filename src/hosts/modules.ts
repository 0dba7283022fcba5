import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { WorldError } from '../base/errors.ts';

/** Where modules of a kernel may be found; the last is Debian's user-mode-linux, for a tierlab inside a guest. */
export function moduleFolders(kernel: string = release()): string[] {
  return [`/lib/modules/${kernel}`, `/usr/lib/uml/modules/${kernel}`].filter((folder) => existsSync(folder));
}

/**
 * @param loaded contents of /proc/modules
 * @param folders of the kernel's modules, whose modules.builtin are believed
 * @returns the modules that are neither loaded nor built in, as far as files tell
 */
export function missingModules(
  names: readonly string[],
  loaded: string,
  folders: readonly string[],
): string[] {
  const present = new Set(loaded.split('\n').map((line) => line.split(' ', 1)[0]));
  for (const folder of folders) for (const name of listed(`${folder}/modules.builtin`)) present.add(name);
  return names.filter((name) => !present.has(canonical(name)));
}

/** @returns the modules that a kernel with these folders has to load */
export function loadableModules(names: readonly string[], folders: readonly string[]): string[] {
  const there = new Set(folders.flatMap((folder) => listed(`${folder}/modules.dep`)));
  return names.filter((name) => there.has(canonical(name)));
}

/** @returns the modules that this machine's kernel neither has nor can load */
export function unavailableModules(names: readonly string[]): string[] {
  const missing = missingHere(names);
  const loadable = new Set(loadableModules(missing, moduleFolders()));
  return missing.filter((name) => !loadable.has(name));
}

/** @returns the modules that this machine's kernel does not have now */
export function missingHere(names: readonly string[]): string[] {
  const missing = missingModules(names, read('/proc/modules'), moduleFolders());
  if (missing.length === 0) return missing;
  const configuration = kernelConfiguration();
  return missing.filter((name) => !isBuiltIn(name, configuration));
}

/** A kernel without a folder of modules still tells what is built in, if it carries its configuration. */
export function isBuiltIn(name: string, configuration: string): boolean {
  if (existsSync(`/sys/module/${canonical(name)}`)) return true;
  const option = optionOf[canonical(name)] ?? canonical(name).toUpperCase();
  return configuration.includes(`\nCONFIG_${option}=y\n`);
}

export function moduleMissing(names: readonly string[], kernel: string, said: string): WorldError {
  return new WorldError(`${kernel} cannot load: ${names.join(', ')}`, {
    code: 'module-missing',
    exitCode: 3,
    hint: 'run "tierlab doctor" to see which hosts have what the topology needs',
    details: said
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `modprobe: ${line}`),
  });
}

/** Configuration options that are not called like their module (Kconfig and Makefiles under net/ and drivers/net/). */
const optionOf: Readonly<Record<string, string>> = {
  ipip: 'NET_IPIP',
  ip_gre: 'NET_IPGRE',
  gre: 'NET_IPGRE_DEMUX',
  ip6_tunnel: 'IPV6_TUNNEL',
  ip6_gre: 'IPV6_GRE',
  sch_netem: 'NET_SCH_NETEM',
  sch_tbf: 'NET_SCH_TBF',
  sch_prio: 'NET_SCH_PRIO',
  sch_ingress: 'NET_SCH_INGRESS',
  cls_matchall: 'NET_CLS_MATCHALL',
  cls_flower: 'NET_CLS_FLOWER',
  act_gact: 'NET_ACT_GACT',
};

function kernelConfiguration(): string {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString('utf8');
  } catch {
    return read(`/boot/config-${release()}`);
  }
}

/** modules.builtin has a path a line, modules.dep a path and a colon. A name's - and _ are the same to the kernel. */
function listed(path: string): string[] {
  return read(path)
    .split('\n')
    .map((line) =>
      canonical(
        line
          .replace(/:.*/, '')
          .replace(/^.*\//, '')
          .replace(/\.ko.*/, ''),
      ),
    )
    .filter((name) => name !== '');
}

const canonical = (name: string): string => name.replaceAll('-', '_');

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
