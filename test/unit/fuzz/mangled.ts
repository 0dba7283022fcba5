/** A file that is right, made wrong: in its text, or in the data before it became text. */
import fc, { type Arbitrary } from 'fast-check';
import { stringify } from 'yaml';

/** Wrong in one place or in a few, and now and then in no way. */
export function mangled(data: Arbitrary<unknown>): Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.tuple(data, fc.array(change, { minLength: 1, maxLength: 3 })).map(changed) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          data.map((each) => stringify(each)),
          fc.array(edit, { minLength: 1, maxLength: 3 }),
        )
        .map(edited),
    },
    { weight: 1, arbitrary: fc.tuple(data, trap).map(([each, what]) => `${stringify(each)}${what}`) },
    { weight: 1, arbitrary: fc.tuple(data, trap).map(([each, what]) => `${what}${stringify(each)}`) },
    { weight: 1, arbitrary: trap },
  );
}

/** Values of every type, and texts that mean something to somebody further on. */
export const oddities: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -0, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY],
  ...[
    '',
    ' ',
    'a',
    '0',
    '-1',
    'null',
    '1e9',
    '0x10',
    '١٢',
    '1s',
    '-1s',
    '99999999999999h',
    '10.0.0.0/8',
    '0.0.0.0/0',
    '::1',
    '999.1.1.1/24',
    '1.2.3.4/33',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '../../etc/passwd',
    '/dev/zero',
    'a/b',
    'a.b',
    '~',
    '%s%n',
  ],
  ...[
    '$(reboot)',
    '`reboot`',
    '; reboot',
    'a\nb',
    'a"b',
    "a'b",
    'a\\b',
    '# a',
    'a # b',
    '{',
    '}',
    '-',
    '--',
    '\u001b[31m',
    '\u0007',
    '\u0000',
    '<script>',
  ],
  ...[
    '\u202e',
    '\ufeff',
    '\ud800',
    'é',
    'e\u0301',
    '🐙',
    'İ',
    'ß',
    '\u2028',
    'x'.repeat(10_000),
    'held.'.repeat(500),
    '('.repeat(2000),
  ],
  ...[
    [],
    {},
    [[]],
    [{}],
    { a: 1 },
    ['a', 1, null],
    { kind: 'web' },
    Array.from({ length: 500 }, (_, i) => i),
  ],
];

interface Change {
  /** Which of all places, as a share of their number. */
  readonly place: number;
  readonly how: 'replace' | 'remove' | 'rename' | 'add' | 'double';
  readonly by: unknown;
}

const change: Arbitrary<Change> = fc.record({
  place: fc.double({ min: 0, max: 0.999, noNaN: true }),
  how: fc.constantFrom('replace', 'replace', 'remove', 'rename', 'add', 'double'),
  by: fc.oneof(fc.constantFrom(...oddities), fc.string({ unit: 'binary', maxLength: 8 }), fc.integer()),
});

function changed([data, changes]: [unknown, readonly Change[]]): string {
  let value: unknown = structuredClone(data);
  for (const { place, how, by } of changes) {
    const places = placesIn(value);
    const at = places[Math.floor(place * places.length)];
    if (at === undefined) value = by;
    else alter(at, how, by);
  }
  return stringify(value, { aliasDuplicateObjects: false });
}

type Place =
  | { readonly parent: unknown[]; readonly key: number }
  | { readonly parent: Record<string, unknown>; readonly key: string };

function placesIn(value: unknown): Place[] {
  if (Array.isArray(value)) {
    const parent: unknown[] = value;
    return parent.flatMap((each, key): Place[] => [{ parent, key }, ...placesIn(each)]);
  }
  if (value === null || typeof value !== 'object') return [];
  const parent = value as Record<string, unknown>;
  return Object.entries(parent).flatMap(([key, each]): Place[] => [{ parent, key }, ...placesIn(each)]);
}

function alter({ parent, key }: Place, how: Change['how'], by: unknown): void {
  if (Array.isArray(parent)) {
    const at = Number(key);
    const inserted = how === 'remove' ? [] : how === 'double' ? [parent[at], parent[at]] : [by];
    parent.splice(at, how === 'add' ? 0 : 1, ...inserted);
    return;
  }
  const old = parent[key];
  if (how === 'remove' || how === 'rename') delete parent[key];
  const to = how === 'add' || how === 'rename' ? asText(by) : how === 'double' ? `${key}-1` : key;
  if (how !== 'remove')
    Object.defineProperty(parent, to, {
      value: how === 'rename' || how === 'double' ? old : by,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

interface Edit {
  readonly place: number;
  readonly removed: number;
  readonly added: string;
}

const marks = [
  '\n',
  '\t',
  '  ',
  ':',
  ': ',
  '- ',
  '{',
  '}',
  '[',
  ']',
  '&a ',
  '*a',
  '<<: ',
  '!!x ',
  '!!binary ',
  '!!js/function ',
  '#',
  '"',
  "'",
  '|',
  '>',
  '%',
  '@',
  '? ',
  '---\n',
  '...\n',
  '\r',
  '\u0085',
  ',',
];

const edit: Arbitrary<Edit> = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 })),
  added: fc.oneof(
    fc.constantFrom(...marks),
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.constantFrom(...oddities).map(asText),
  ),
});

function edited([text, edits]: [string, readonly Edit[]]): string {
  return edits.reduce((before, { place, removed, added }) => {
    const at = Math.floor(place * before.length);
    return before.slice(0, at) + added + before.slice(at + removed);
  }, text);
}

/** Small files that unfold into large work. */
const trap: Arbitrary<string> = fc.oneof(
  fc
    .integer({ min: 2, max: 12 })
    .map(
      (levels) =>
        `bomb0: &b0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: levels }, (_, i) => `bomb${i + 1}: &b${i + 1} [${Array(9).fill(`*b${i}`).join(', ')}]\n`).join('')}`,
    ),
  fc.integer({ min: 1, max: 3000 }).map((depth) => `deep: ${'['.repeat(depth)}${']'.repeat(depth)}\n`),
  fc
    .integer({ min: 1, max: 300 })
    .map((depth) => `${Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:\n`).join('')}`),
  fc.integer({ min: 1, max: 20_000 }).map((length) => `${'k'.repeat(length)}: ${'v'.repeat(length)}\n`),
  fc
    .integer({ min: 1, max: 5000 })
    .map((count) => Array.from({ length: count }, (_, i) => `key${i}: ${i}\n`).join('')),
  fc.constant('self: &a {<<: *a}\n'),
  fc.constant('merged: {<<: [{a: 1}, 2, x]}\n'),
  fc.constant('"\\ud800": "\\0"\n'),
  fc.constant('? [a, b]\n: c\n'),
  fc.constant('!!set {a, b}\n'),
  fc.constant('!!timestamp 2001-01-01\n'),
  fc.constant('%YAML 9.9\n---\na: 1\n'),
  fc.constant('%TAG ! tag:x,2000:\n---\n!y a\n'),
);

function asText(value: unknown): string {
  return typeof value === 'string' ? value : String(JSON.stringify(value));
}
