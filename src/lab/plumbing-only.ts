/**
 * A lab without its daemons: namespaces, cables, addresses, routes and sysctls, on any kernel that has veth and bridges. What else the
 * kernel lacks of what the nodes have inside is found out by trying it, left out, and told.
 */
import type { Host } from '../hosts/contract.ts';
import type { Kind } from '../kinds/contract.ts';
import type { Plan, PlannedNode } from '../topology/types.ts';
import type { LabPaths } from './paths.ts';
import { ownDaemons, type PlumbingOptions, sharedDaemons } from './plumbing/index.ts';

type Kinds = PlumbingOptions['kinds'];

/** What a kernel lacks of what a plan asks for. */
export interface Lacking {
  /** Such as `ipip`. */
  readonly linkTypes: readonly string[];
  /** Objects of `ip` that it does not have at all, such as `rule`. */
  readonly objects: readonly string[];
  /** Paths below /proc/sys. */
  readonly sysctls: readonly string[];
}

/** One thing that was left out, all over a lab. */
export interface LeftOut {
  /** `link of type ipip`, `sysctl in net/ipv4/vs`, `daemon keepalived`. */
  readonly what: string;
  readonly count: number;
  /** How many nodes are without it, by group. */
  readonly nodes: Readonly<Record<string, number>>;
}

/** Tries one of each in a namespace that is gone afterwards. */
export async function findLacking(plan: Plan, kinds: Kinds, host: Host): Promise<Lacking> {
  const { links, objects, sysctls } = samplesOf(plan, kinds);
  const tried = [...links.values(), ...objects.values()];
  const argv = ['unshare', '--net', 'sh', '-c', trial, 'trial', ...sysctls];
  const { stdout, stderr } = await host.exec(argv, { input: tried.map((line) => `${line}\n`).join('') });
  const absent = new Set(stdout.split('\n'));
  const failed = [...stderr.matchAll(/^Command failed -:(\d+)$/gm)].map(
    ([, number]) => tried[Number(number) - 1],
  );
  const failing = (samples: ReadonlyMap<string, string>): string[] =>
    [...samples].flatMap(([what, line]) => (failed.includes(line) ? [what] : []));
  return {
    linkTypes: failing(links),
    objects: failing(objects),
    sysctls: [...sysctls].filter((path) => absent.has(path)),
  };
}

/** `ip` tells each line that failed by its number, and goes on; /proc/sys/net shows the namespace of whoever looks. */
const trial = 'ip -force -batch - >&2; for path; do [ -e "/proc/sys/$path" ] || printf "%s\\n" "$path"; done';

/** The kinds that a lab is made of, which may be without daemons. */
export const kindsOf = (kinds: Kinds, lacking: Lacking | undefined): Kinds =>
  lacking === undefined ? kinds : withoutDaemons(kinds, lacking);

/** Each kind with nothing that runs, and without what the kernel lacks. */
function withoutDaemons(kinds: Kinds, lacking: Lacking): Kinds {
  return Object.fromEntries(
    Object.entries(kinds).map(([name, kind]): [string, Kind] => [
      name,
      {
        traits: kind.traits,
        modules: [],
        programs: [],
        render: () => ({}),
        daemons: () => [],
        ipBatch: (node, plan) => partLines(kind.ipBatch(node, plan), lacking).possible,
        sysctls: (node, plan) => {
          const all = Object.entries(kind.sysctls(node, plan));
          return Object.fromEntries(all.filter(([path]) => !lacking.sysctls.includes(generic(path))));
        },
        ready: async () => ({ ok: true, saw: 'plumbed' }),
      },
    ]),
  );
}

/** What the nodes of a plan are without, daemons included; one entry a thing, in the order of the plan. */
export function leftOut(plan: Plan, lab: LabPaths, options: PlumbingOptions, lacking: Lacking): LeftOut[] {
  const found = new Map<string, { count: number; nodes: Record<string, number> }>();
  const add = (what: string, count: number, group: string, nodes: number): void => {
    const entry = found.get(what) ?? { count: 0, nodes: {} };
    entry.count += count;
    entry.nodes[group] = (entry.nodes[group] ?? 0) + nodes;
    found.set(what, entry);
  };
  const groups = groupsOf(plan);
  for (const [group, { first, size }] of groups)
    for (const [what, count] of missedBy(first, plan, options.kinds, lacking))
      add(what, count * size, group, size);
  for (const [group, { first, size }] of groups)
    for (const { name } of ownDaemons(first, plan, lab, options)) add(`daemon ${name}`, size, group, size);
  const groupOf = new Map(plan.nodes.map(({ name, group }) => [name, group]));
  for (const { daemon, nodes } of sharedDaemons(plan, lab, options))
    for (const [i, node] of nodes.entries())
      add(`daemon ${daemon.name}`, i === 0 ? 1 : 0, groupOf.get(node) ?? '', 1);
  return [...found].map(([what, entry]) => ({ what, ...entry }));
}

/** The nodes of a group are alike: one stands for all. */
function groupsOf(plan: Plan): Map<string, { first: PlannedNode; size: number }> {
  const groups = new Map<string, { first: PlannedNode; size: number }>();
  for (const node of plan.nodes) {
    const known = groups.get(node.group);
    if (known === undefined) groups.set(node.group, { first: node, size: 1 });
    else known.size++;
  }
  return groups;
}

/** How often a node misses each thing. */
function missedBy(node: PlannedNode, plan: Plan, kinds: Kinds, lacking: Lacking): Map<string, number> {
  const kind = kinds[node.kind];
  const missed = new Map<string, number>();
  const add = (what: string): void => void missed.set(what, (missed.get(what) ?? 0) + 1);
  for (const line of partLines(kind?.ipBatch(node, plan) ?? [], lacking).missed) {
    const type = linkType(line);
    if (type !== undefined) add(`link of type ${type}`);
    else if (lacking.objects.includes(objectOf(line))) add(`ip ${objectOf(line)}`);
  }
  for (const path of Object.keys(kind?.sysctls(node, plan) ?? {}))
    if (lacking.sysctls.includes(generic(path))) add(`sysctl in ${path.slice(0, path.lastIndexOf('/'))}`);
  return missed;
}

/** A line is possible if the kernel has what it makes, and what it is about was made. */
function partLines(lines: readonly string[], { linkTypes, objects }: Lacking) {
  const absent = new Set<string>();
  const possible: string[] = [];
  const missed: string[] = [];
  for (const line of lines) {
    const words = line.split(' ');
    const makes = linkType(line);
    if (makes !== undefined && linkTypes.includes(makes)) absent.add(words[words.indexOf('name') + 1] ?? '');
    const isMissed = objects.includes(objectOf(line)) || words.some((word) => absent.has(word));
    (isMissed ? missed : possible).push(line);
  }
  return { possible, missed };
}

/** A line for each type of link and for each object that can be tried by itself, and every sysctl. */
function samplesOf(plan: Plan, kinds: Kinds) {
  const links = new Map<string, string>();
  const objects = new Map<string, string>();
  const sysctls = new Set<string>();
  for (const { first } of groupsOf(plan).values()) {
    const kind = kinds[first.kind];
    for (const path of Object.keys(kind?.sysctls(first, plan) ?? {})) sysctls.add(generic(path));
    for (const line of kind?.ipBatch(first, plan) ?? []) {
      const type = linkType(line);
      if (type !== undefined) links.set(type, links.get(type) ?? line);
      else if (objectOf(line) === 'rule' && / add /.test(line))
        objects.set('rule', objects.get('rule') ?? line);
    }
  }
  return { links, objects, sysctls };
}

const linkType = (line: string): string | undefined => /^link add name \S+ .*\btype (\S+)/.exec(line)?.[1];

/** `rule` of `-6 rule add …`. */
const objectOf = (line: string): string => /^(?:-\S+ )*(\S+)/.exec(line)?.[1] ?? '';

/** The loopback device stands for those that only the node has. */
const generic = (path: string): string => path.replace(/\/(conf|neigh)\/[^/]+\//, '/$1/lo/');
