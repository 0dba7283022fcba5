import type { z } from 'zod';
import { type Diagnostic, formatDiagnostic } from '../base/errors.ts';
import { suggest } from '../base/suggest.ts';
import type { YamlDocument } from './document.ts';
import { definition, expectation, inside, meaning, nearChoice, schemaAt } from './expected.ts';

/** A better word than the general one for a key that is not known where it stands, or a value of a discriminator. */
export interface Wording {
  /** @returns message and hint, or undefined for the general "unknown key" */
  unknownKey?(path: readonly PropertyKey[], key: string, known: readonly string[]): Words | undefined;
  /** One message for a thing as a whole, in place of the problems of its parts. */
  instead?(path: readonly PropertyKey[], value: unknown): Words | undefined;
  unknownChoice?(path: readonly PropertyKey[], value: unknown, choices: readonly string[]): Words | undefined;
}

/** What is said of a thing as a whole, whatever its parts' problems are. */
function insteadOf(
  document: YamlDocument,
  path: readonly PropertyKey[],
  wording: Wording,
): Diagnostic | undefined {
  for (let length = 0; length <= path.length; length++) {
    const whole = path.slice(0, length);
    const words = wording.instead?.(whole, valueAt(document.value, whole));
    if (words !== undefined) return { ...document.locate(whole), ...words };
  }
  return undefined;
}

interface Words {
  readonly message: string;
  readonly hint?: string;
}

export type Validated<T> =
  | { readonly value: T; readonly problems: readonly [] }
  | { readonly value?: never; readonly problems: readonly Diagnostic[] };

/** Holds a document against a schema. @returns its value with defaults filled in, or every problem with its position, in order. */
export function validate<T>(
  document: YamlDocument,
  schema: z.ZodType<T>,
  wording: Wording = {},
): Validated<T> {
  const result = schema.safeParse(document.value, { reportInput: true, error: () => general });
  if (result.success) return { value: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => {
    const instead = insteadOf(document, issue.path, wording);
    return instead === undefined ? explain(document, schema, issue, wording) : [instead];
  });
  const different = new Map(problems.map((problem) => [formatDiagnostic(problem), problem]));
  return { problems: inOrder([...different.values()]) };
}

/** In the order of the file. */
export function inOrder(problems: readonly Diagnostic[]): Diagnostic[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

/** A value as it may stand in a message: short, on one line, quoted if it is text. */
function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
}

/** Stands for "the schema brings no words of its own": its author's message is better than a general one. */
const general = 'general';

function explain(
  document: YamlDocument,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  wording: Wording,
): Diagnostic[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const ruling = inside(schemaAt(schema, document.value, path) ?? schema, valueAt(document.value, path));
    const known = Object.keys(definition(ruling).shape ?? {});
    return issue.keys.map((key) => {
      const words = wording.unknownKey?.(path, key, known) ?? {
        message: `unknown key "${key}"${placeOf(path)}`,
        hint: suggest(key, known, 'known keys'),
      };
      return { ...document.locate([...path, key], 'key'), ...words };
    });
  }

  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ ...document.locate(path, 'key'), message }));
  }

  const value = valueAt(document.value, path);
  const choices = choicesOf(issue);
  if (choices !== undefined) {
    const absent = value === undefined;
    const words = absent ? undefined : wording.unknownChoice?.(path, value, choices);
    const message = absent ? missing(path) : `unknown ${labelOf(path)} ${show(value)}`;
    const hint = absent
      ? suggest('', choices, `known ${labelOf(path)}s`)
      : suggest(String(value), choices, `known ${labelOf(path)}s`);
    return [
      {
        ...document.locate(absent ? path.slice(0, -1) : path, absent ? 'key' : 'value'),
        ...(words ?? { message, hint }),
      },
    ];
  }
  const wanted = schemaAt(schema, document.value, path);
  const label = labelOf(path);
  if (value === undefined) {
    const words = wanted === undefined ? undefined : meaning(wanted);
    return [
      {
        ...document.locate(path.slice(0, -1), 'key'),
        message: missing(path),
        ...(words === undefined ? {} : { hint: `${label}: ${words}` }),
      },
    ];
  }
  const place = document.locate(path, 'value');
  if (issue.message !== general) {
    const words = issue.message.replace(/^expected /, 'must be ');
    const message = words.startsWith('must') ? `${label} ${words}, not ${show(value)}` : `${label}: ${words}`;
    return [{ ...place, message }];
  }
  const hint = wanted === undefined ? undefined : nearChoice(wanted, value);
  const message = `${label} must be ${wanted === undefined ? 'something else' : expectation(wanted)}, not ${show(value)}`;
  return [{ ...place, message, ...(hint === undefined ? {} : { hint }) }];
}

/** What a discriminator may say, if the issue is that it says something else. */
function choicesOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code !== 'invalid_union' || !('discriminator' in issue) || issue.discriminator === undefined)
    return undefined;
  // An entry may also do without the discriminator; that is no choice to name.
  return ('options' in issue ? (issue.options ?? []) : [])
    .filter((option) => option !== undefined)
    .map(String);
}

/** `count`; `item 2 of networks`; the whole file where the path is empty. */
function labelOf(path: readonly PropertyKey[]): string {
  const last = path.at(-1);
  if (last === undefined) return 'the file';
  return typeof last === 'number' ? `item ${last + 1} of ${labelOf(path.slice(0, -1))}` : String(last);
}

const missing = (path: readonly PropertyKey[]): string =>
  `${labelOf(path.slice(-1))} is missing${placeOf(path.slice(0, -1))}`;

/** ` in nodes.l4`, ` in item 1 of timeline`; nothing for the file itself. */
function placeOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '';
  return ` in ${typeof path.at(-1) === 'number' ? labelOf(path) : path.map(String).join('.')}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let inside = value;
  for (const step of path) {
    if (inside === null || typeof inside !== 'object' || !Object.hasOwn(inside, step)) return undefined;
    inside = (inside as Record<PropertyKey, unknown>)[step];
  }
  return inside;
}
