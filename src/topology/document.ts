import { LineCounter, parseDocument as parseYaml, type YAMLError } from 'yaml';
import { type Diagnostic, InputError, type Location } from '../base/errors.ts';
import { aliasProblems } from './aliases.ts';
import { locator } from './locate.ts';
import { nestingOf } from './nesting.ts';
import { repeatedKeys } from './repeated.ts';
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
    // The parser holds each key against all before it, which takes minutes where there are very many.
    uniqueKeys: false,
  });

  // A tag that is not known is only a warning to the parser; to us it means data of which nobody knows the meaning.
  const faults: YAMLError[] = [...document.errors, ...document.warnings];
  const syntax = faults.map((fault) => ({ ...position(fault.pos[0]), ...explainSyntax(fault, text) }));
  const problems = firstOfEachLine([
    ...syntax,
    ...repeatedKeys(document, position),
    ...aliasProblems(document, position),
  ]);
  if (problems.length > 0) throw new InputError(problems);
  if (document.contents === null)
    throw new InputError([{ file, message: 'is empty: there are only comments in it' }]);

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'its aliases (*name) multiply into more data than a file like this can need';
    throw new InputError([{ file, message, hint: 'write the repeated parts out' }]);
  }

  const offsetsAt = locator(document);
  return { file, value, locate: (path, at = 'value') => position(offsetsAt(path)[at]) };
}

/** One mistake makes the parser stumble several times on the same line; the first time is the one to read. */
function firstOfEachLine(problems: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<number | undefined>();
  return [...problems]
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
    .filter(({ line }) => !seen.has(line) && seen.add(line));
}
