import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument as parseYaml,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { type Diagnostic, InputError, type Location } from '../base/errors.ts';
import { nestingOf } from './nesting.ts';
import { explainSyntax } from './syntax.ts';

/** A YAML file as plain data that still knows where each key and value stands. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Position of the key or the value at a path; of the nearest parent that is there, if it is missing. */
  locate(path: readonly PropertyKey[], at?: 'key' | 'value'): Location;
}

/** Levels of maps and lists in each other. A topology has about five. */
const deepest = 100;

/** @throws InputError with every syntax problem, each with its line and column */
export function parseDocument(text: string, file: string): YamlDocument {
  if (text.trim() === '') throw new InputError([{ file, message: 'is empty' }]);
  const lines = new LineCounter();
  const position = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const nesting = nestingOf(text);
  if (nesting.depth > deepest) {
    throw new InputError([
      { file, line: nesting.line, message: `is nested too deeply: more than ${deepest} levels` },
    ]);
  }
  const document = parseYaml(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    stringKeys: true,
  });

  // A tag that is not known is only a warning to the parser; to us it means data of which nobody knows the meaning.
  const faults: YAMLError[] = [...document.errors, ...document.warnings];
  const problems = firstOfEachLine(
    faults.map((fault) => ({ ...position(fault.pos[0]), ...explainSyntax(fault, text) })),
  );
  const { contents } = document;
  const anchors = new Set<string>();
  visit(document, {
    Alias: (_, { source, range }) => {
      if (anchors.has(source)) return;
      const message = `the alias "*${source}" stands for no anchor (&${source}) above it`;
      problems.push({ ...position(range?.[0] ?? 0), message, hint: 'text that begins with * needs quotes' });
    },
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      problems.push({ ...position(key.range?.[0] ?? 0), message: '"__proto__" cannot be a key' });
    },
  });
  if (problems.length > 0) throw new InputError(problems);
  if (contents === null) throw new InputError([{ file, message: 'is empty: there are only comments in it' }]);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'its aliases (*name) multiply into more data than a file like this can need';
    throw new InputError([{ file, message, hint: 'write the repeated parts out' }]);
  }

  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  const locate: YamlDocument['locate'] = (path, at = 'value') => {
    let node: unknown = contents;
    let found = { key: offsetOf(contents), value: offsetOf(contents) };
    for (const step of path) {
      const inside = resolve(node);
      if (isMap(inside)) {
        const pair = findPair(inside, String(step), resolve);
        if (pair === undefined) break;
        const key = offsetOf(pair.key);
        found = { key, value: pair.value === null ? key : offsetOf(pair.value, key) };
        node = pair.value;
      } else if (isSeq(inside) && typeof step === 'number' && inside.items[step] !== undefined) {
        node = inside.items[step];
        found = { key: offsetOf(node), value: offsetOf(node) };
      } else break;
    }
    return position(found[at]);
  };
  return { file, value, locate };
}

/** The pair with that key, also if it was merged in from elsewhere (`<<: *other`). */
function findPair(map: YAMLMap, name: string, resolve: (node: unknown) => unknown): Pair | undefined {
  const own = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (own !== undefined) return own;
  for (const { key, value } of map.items) {
    if (!isScalar(key) || String(key.source ?? key.value) !== '<<') continue;
    const merged = resolve(value);
    for (const source of isSeq(merged) ? merged.items.map(resolve) : [merged]) {
      const pair = isMap(source) ? findPair(source, name, resolve) : undefined;
      if (pair !== undefined) return pair;
    }
  }
  return undefined;
}

/** One mistake makes the parser stumble several times on the same line; the first time is the one to read. */
function firstOfEachLine(problems: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<number | undefined>();
  return [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .filter(({ line }) => !seen.has(line) && seen.add(line));
}

const offsetOf = (node: unknown, otherwise = 0): number =>
  (node as Node | null | undefined)?.range?.[0] ?? otherwise;
