/**
 * Which room may know which. The tables are the architecture as docs/architecture.md draws it; the tests hold the
 * imports of src/ against them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** Doors of other rooms that a room may use. `all`: whatever the room offers; `types`: only `import type`. */
const mayUse: Readonly<Record<string, Readonly<Record<string, 'all' | 'types'>>>> = {
  base: {},
  topology: { base: 'all' },
  scenario: { base: 'all', topology: 'all', 'verdict/history.ts': 'types', 'verdict/types.ts': 'types' },
  kinds: { base: 'all', 'topology/types.ts': 'types' },
  hosts: { base: 'all' },
  lab: {
    base: 'all',
    'topology/types.ts': 'types',
    'kinds/contract.ts': 'types',
    'hosts/contract.ts': 'types',
    'hosts/process-tag.ts': 'all',
  },
  traffic: {
    base: 'all',
    'topology/types.ts': 'types',
    'scenario/types.ts': 'types',
    'verdict/history.ts': 'types',
    lab: 'all',
  },
  faults: {
    base: 'all',
    'topology/types.ts': 'types',
    'scenario/types.ts': 'types',
    'kinds/contract.ts': 'types',
    'verdict/history.ts': 'types',
    lab: 'all',
  },
  verdict: { base: 'all', 'topology/types.ts': 'types' },
  oracle: {
    base: 'all',
    'topology/types.ts': 'types',
    'scenario/types.ts': 'types',
    // A prediction is written into the history, or nobody could say that it was made before.
    'verdict/history.ts': 'types',
  },
  report: { base: 'all', 'topology/types.ts': 'types', verdict: 'all' },
  graph: { base: 'all', 'topology/types.ts': 'types' },
  packets: { base: 'all', 'topology/types.ts': 'types', 'verdict/history.ts': 'types', lab: 'all' },
  run: {
    base: 'all',
    topology: 'all',
    scenario: 'all',
    kinds: 'all',
    hosts: 'all',
    lab: 'all',
    traffic: 'all',
    faults: 'all',
    verdict: 'all',
    oracle: 'all',
    packets: 'all',
  },
  cli: {
    base: 'all',
    topology: 'all',
    scenario: 'all',
    kinds: 'all',
    hosts: 'all',
    lab: 'all',
    traffic: 'all',
    faults: 'all',
    verdict: 'all',
    oracle: 'all',
    report: 'all',
    graph: 'all',
    packets: 'all',
    run: 'all',
  },
};

/** Rooms are entered through these; every file of `base` is a door: it is a shelf, not a room with an inside. */
const doors = ['index.ts', 'contract.ts', 'types.ts', 'history.ts'];

/** Further doors, each with its reason. */
const extraDoors: Readonly<Record<string, string>> = {
  'hosts/process-tag.ts':
    'teardown finds the processes of a lab by the tag that hosts put on them, whatever host it was',
  'faults/timeline.ts':
    'it needs the list of all faults, which is index.ts; behind that door the two would be a circle',
};

/** Who may import a package: the room, or the one file. A package that is not listed may be imported by nobody. */
const packageOwners: Readonly<Record<string, readonly string[]>> = {
  chalk: ['report/', 'cli/'],
  commander: ['cli/'],
  execa: ['base/', 'hosts/'],
  'fastest-levenshtein': ['base/'],
  'hdr-histogram-js': ['verdict/'],
  // In the page of the HTML report, not in Node.
  uplot: ['report/page/'],
  yaml: ['topology/'],
  // Schemas are written where the keys belong; only `topology` and `scenario` turn them into messages.
  zod: ['topology/', 'scenario/', 'kinds/', 'faults/'],
};

/** Rooms that compute and do nothing: no file, process, socket or clock. */
const pureRooms = ['verdict', 'oracle', 'report', 'graph'];

const source = resolve(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .sort();
const imports = files.flatMap(importsOf);
const inner = imports.filter(({ to }) => !to.startsWith('package:'));

test('every room is in the table, and every room in the table exists', () => {
  expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(mayUse).sort());
});

test('every import is of a file that exists', () => {
  expect(inner.filter(({ to }) => !files.includes(to)).map(describeImport)).toEqual([]);
});

test('rooms use only the rooms that the table allows, and only their types where it says so', () => {
  const wrong = inner.filter(({ from, to, isType }) => {
    if (roomOf(from) === roomOf(to)) return false;
    const allowed = mayUse[roomOf(from)];
    const use = allowed?.[to] ?? allowed?.[roomOf(to)];
    return use === undefined || (use === 'types' && !isType);
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

test('rooms meet only at their doors', () => {
  const wrong = inner.filter(
    ({ from, to }) =>
      roomOf(from) !== roomOf(to) &&
      roomOf(to) !== 'base' &&
      !(to in extraDoors) &&
      !(to === roomOf(to) || doors.some((door) => to === `${roomOf(to)}/${door}`)),
  );
  expect(wrong.map(describeImport)).toEqual([]);
});

test('each further door is in use', () => {
  const used = inner.filter(({ from, to }) => roomOf(from) !== roomOf(to)).map(({ to }) => to);
  expect(Object.keys(extraDoors).filter((door) => !used.includes(door))).toEqual([]);
});

test('no files import each other in a circle, types included', () => {
  expect(circle(edges(files, ({ from, to }) => [from, to]))).toEqual([]);
});

test('no rooms run each other in a circle', () => {
  const values = inner.filter(({ isType }) => !isType);
  expect(circle(edges(Object.keys(mayUse), ({ from, to }) => [roomOf(from), roomOf(to)], values))).toEqual(
    [],
  );
});

test('a circle is found', () => {
  expect(
    circle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
  ).toEqual(['b', 'c', 'b']);
});

test('each package has its owners', () => {
  const wrong = imports.filter(({ from, to }) => {
    const name = to.replace('package:', '');
    if (name === to || name.startsWith('node:')) return false;
    return !(packageOwners[name] ?? []).some((owner) => from.startsWith(owner));
  });
  expect(wrong.map(describeImport)).toEqual([]);
});

test('pure rooms import nothing that does something', () => {
  const wrong = imports.filter(
    ({ from, to }) => pureRooms.includes(roomOf(from)) && to.startsWith('package:node:'),
  );
  expect(wrong.map(describeImport)).toEqual([]);
});

test('no file or folder is called utils, helpers, common or manager', () => {
  expect(files.filter((file) => /(^|[/-])(utils?|helpers?|common|misc|managers?)([/.-])/.test(file))).toEqual(
    [],
  );
});

interface Import {
  readonly from: string;
  /** A file below src/, or `package:<name>`. */
  readonly to: string;
  /** Nothing of it is left when the program runs. */
  readonly isType: boolean;
  readonly line: number;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, isType: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    found.push({ from: file, to: target(file, specifier.text), isType, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function target(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative(source, resolve(source, dirname(file), specifier));
  if (specifier.startsWith('node:')) return `package:${specifier}`;
  return `package:${specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')}`;
}

/** The first folder below src/, or the file that stands there alone. */
function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}

const describeImport = ({ from, to, isType, line }: Import): string =>
  `src/${from}:${line} ${isType ? 'imports types of' : 'imports'} ${to}`;

function edges(
  names: readonly string[],
  ends: (edge: Import) => readonly [string, string],
  among: readonly Import[] = inner,
): Map<string, string[]> {
  const graph = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const edge of among) {
    const [from, to] = ends(edge);
    if (from !== to) graph.get(from)?.push(to);
  }
  return graph;
}

/** @returns the first circle found, its first name repeated at the end; empty if there is none */
function circle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const walk = (name: string, path: readonly string[]): string[] => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return [];
    for (const next of graph.get(name) ?? []) {
      const found = walk(next, [...path, name]);
      if (found.length > 0) return found;
    }
    done.add(name);
    return [];
  };
  for (const name of graph.keys()) {
    const found = walk(name, []);
    if (found.length > 0) return found;
  }
  return [];
}
