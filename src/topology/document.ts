import { readFile, stat } from 'node:fs/promises';
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
import { explainSyntax } from './syntax.ts';

/** A YAML file as plain data that still knows where each key and value stands. */
export interface YamlDocument {
  readonly file: string;
  readonly value: unknown;
  /** Position of the key or the value at a path; of the nearest parent that is there, if it is missing. */
  locate(path: readonly PropertyKey[], at?: 'key' | 'value'): Location;
}

/** Larger files are refused before they are read. */
const limitBytes = 1024 * 1024;

/**
 * Reads and parses a YAML file that a user wrote.
 * @throws InputError if it is missing, no regular file, too large, binary, empty or not YAML
 */
export async function readDocument(file: string): Promise<YamlDocument> {
  const refuse = (message: string, hint?: string): never => {
    throw new InputError([{ file, message, ...(hint === undefined ? {} : { hint }) }]);
  };
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => refuse(...explainAccess(error)));
  if (info.isDirectory()) refuse('is a directory, not a file', 'name the YAML file in it');
  if (!info.isFile()) refuse('is not a regular file');
  if (info.size > limitBytes)
    refuse(`is too large: ${info.size} bytes, where at most ${limitBytes} (1 MiB) are read`);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => refuse(...explainAccess(error)));
  return parseDocument(
    decode(bytes) ?? refuse('is not a text file', 'a YAML file in UTF-8 is wanted here'),
    file,
  );
}

/** @throws InputError with every syntax problem, each with its line and column */
export function parseDocument(text: string, file: string): YamlDocument {
  if (text.trim() === '') throw new InputError([{ file, message: 'is empty' }]);
  const lines = new LineCounter();
  const position = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const tooDeep = (): never => {
    throw new InputError([{ file, message: 'is nested too deeply to be read' }]);
  };
  const document = guard(
    () => parseYaml(text, { lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true }),
    tooDeep,
  );

  // A tag that is not known is only a warning to the parser; to us it means data of which nobody knows the meaning.
  const faults: YAMLError[] = [...document.errors, ...document.warnings];
  const problems = firstOfEachLine(
    faults.map((fault) => ({ ...position(fault.pos[0]), ...explainSyntax(fault, text) })),
  );
  const { contents } = document;
  visit(document, {
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
    if (error instanceof RangeError) tooDeep();
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

function guard<T>(work: () => T, tooDeep: () => never): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) return tooDeep();
    throw error;
  }
}

/** @returns undefined for bytes that are no UTF-8 text */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function explainAccess({ code, message }: NodeJS.ErrnoException): [message: string, hint?: string] {
  if (code === 'ENOENT' || code === 'ENOTDIR') return ['does not exist'];
  if (code === 'EACCES' || code === 'EPERM') return ['cannot be read: permission denied'];
  return [`cannot be read: ${message}`];
}

const offsetOf = (node: unknown, otherwise = 0): number =>
  (node as Node | null | undefined)?.range?.[0] ?? otherwise;
