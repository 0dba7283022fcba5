/** What a run ran on, beside the kernel: a figure is worth what can be said of how it came about. */
import type { LiveLab } from './live.ts';

export interface Environment {
  /** By program: the first line of what it says of its version. */
  readonly versions: Readonly<Record<string, string>>;
  /** By kind: settings below /proc/sys of its nodes' namespaces; those that differ between its nodes are left out. */
  readonly sysctls: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export const environmentOf = async (live: LiveLab): Promise<Environment> => ({
  versions: await versionsOf(live),
  sysctls: sysctlsOf(live),
});

/** One shell for all: in a guest every process counts. */
async function versionsOf(live: LiveLab): Promise<Record<string, string>> {
  const programs = new Map<string, string>();
  for (const kind of new Set(live.plan.nodes.map((node) => live.kindOf(node)))) {
    for (const { command, version } of kind.programs)
      if (version !== undefined) programs.set(command, version);
  }
  const script = 'while [ $# -gt 0 ]; do "$1" "$2" 2>&1 | { read -r line; echo "$1 $line"; }; shift 2; done';
  const { stdout } = await live.host.exec(['sh', '-c', script, 'versions', ...[...programs].flat()]);
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => {
      const [command = '', ...rest] = line.split(' ');
      return programs.has(command) ? [[command, rest.join(' ').trim()]] : [];
    }),
  );
}

function sysctlsOf(live: LiveLab): Record<string, Record<string, string>> {
  const byKind = new Map<string, Record<string, string>>();
  for (const node of live.plan.nodes) {
    const own = live.kindOf(node).sysctls(node, live.plan);
    const known = byKind.get(node.kind) ?? own;
    byKind.set(
      node.kind,
      Object.fromEntries(Object.entries(known).filter(([name, value]) => own[name] === value)),
    );
  }
  return Object.fromEntries([...byKind].filter(([, settings]) => Object.keys(settings).length > 0));
}
