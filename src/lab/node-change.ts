/** What has to be done to a node that stays, so that it is what another plan says. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Plan } from '../topology/types.ts';
import { type LabPaths, nodePaths } from './paths.ts';
import { type Alteration, ipLines, type PlumbingOptions } from './plumbing/index.ts';

export interface NodeChange extends Alteration {
  /** Its rendered files that differ, by name: what was in them before. */
  readonly files: Readonly<Record<string, string>>;
  /** What cannot be changed while it runs, one sentence each. */
  readonly refusals: readonly string[];
}

/** @returns undefined if there is nothing to do */
export function nodeChange(
  name: string,
  before: Plan,
  after: Plan,
  lab: LabPaths,
  { kinds, programs }: PlumbingOptions,
): NodeChange | undefined {
  const paths = nodePaths(lab, name, programs);
  const [old, wanted] = [before, after].map((plan) => {
    const node = plan.nodes.find((each) => each.name === name);
    const kind = kinds[node?.kind ?? ''];
    if (node === undefined || kind === undefined) throw new Error(`no node ${name} in the plan`);
    return {
      node,
      kind,
      files: kind.render(node, plan, paths),
      sysctls: kind.sysctls(node, plan),
      ip: ipLines(node, kind, plan),
      daemons: kind.daemons(node, plan, paths),
    };
  });
  if (old === undefined || wanted === undefined) return undefined;
  const files = Object.fromEntries(
    Object.keys(wanted.files)
      .filter((file) => old.files[file] !== wanted.files[file])
      .map((file) => [file, old.files[file] ?? '']),
  );
  const count = Object.keys(files).length;
  const { lines, refused } = alter(old.ip, wanted.ip);
  const refusals = [
    ...refused.map((line) => `${name} has "${line}", which only a new node can be without`),
    ...(count > 0 && wanted.kind.reload === undefined ? [`${name} cannot take up other files`] : []),
    ...(isDeepStrictEqual(old.daemons, wanted.daemons)
      ? []
      : [`the daemons of ${name} would have to start again`]),
  ];
  const sysctls = Object.fromEntries(
    Object.entries(wanted.sysctls).filter(([path, value]) => old.sysctls[path] !== value),
  );
  const isNothing = count + lines.length + refusals.length + Object.keys(sysctls).length === 0;
  return isNothing ? undefined : { node: wanted.node, files, sysctls, ip: lines, refusals };
}

/** Lines that turn what the old lines made into what the new ones make; `refused`: old ones that cannot be undone. */
function alter(
  before: readonly string[],
  after: readonly string[],
): { readonly lines: readonly string[]; readonly refused: readonly string[] } {
  const gone = before.filter((line) => !after.includes(line));
  const added = after.filter((line) => !before.includes(line));
  // A route or a next hop is replaced at once: for a moment without it packets would be lost.
  const isReplaced = (line: string): boolean =>
    wayOf(line) !== undefined &&
    [gone, added].every((all) => all.some((other) => wayOf(other) === wayOf(line)));
  return {
    lines: [
      ...added.map((line) => (isReplaced(line) ? line.replace(' add ', ' replace ') : line)),
      ...gone.filter((line) => undoable.test(line) && !isReplaced(line)).map(undo),
    ],
    refused: gone.filter((line) => !undoable.test(line)),
  };
}

/** Next hops are deleted by their id alone. */
const undo = (line: string): string =>
  (/^nexthop add id \d+/.exec(line)?.[0] ?? line).replace(' add ', ' del ');

const undoable = /^(-6 )?(address|route|rule|nexthop) add /;

/** What a line makes that can be there once only: the route to a prefix, a next hop or a group of them by its id. */
const wayOf = (line: string): string | undefined =>
  /^((?:-6 )?route add \S+|nexthop add id \d+) /.exec(line)?.[1];
