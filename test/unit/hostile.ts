/** Hostile texts, and the places of a file that they can be put in. */

/** All of them contain this word, so that it is seen wherever it comes out. */
export const payloads: Readonly<Record<string, string>> = {
  'a shell command': 'x; pwned',
  'a command substitution': '$(pwned)',
  backticks: '`pwned`',
  'a line of its own': 'x\npwned',
  'a line of its own, in a foreign way': 'x\u2028pwned',
  'a carriage return': 'x\rpwned',
  'the end of a block': 'x"; } pwned {',
  'a quotation mark': '"pwned',
  'a single quotation mark': "'pwned",
  'a comment': 'x # pwned',
  'a backslash': 'x\\pwned',
  'another folder': '../../pwned',
  'an absolute path': '/pwned',
  'an option': '--pwned',
  'a colour': '\u001b[31mpwned',
  'a tag': '<script>pwned</script>',
  'a format': '%pwned',
  'a NUL': 'x\u0000pwned',
  'letters of another script': 'рwnеd-pwned',
};

export interface Place {
  readonly path: readonly string[];
  readonly isKey: boolean;
}

export function placesIn(value: unknown, path: readonly string[] = []): Place[] {
  if (typeof value === 'string') return [{ path, isKey: false }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inside]) => [
    ...(Array.isArray(value) ? [] : [{ path: [...path, key], isKey: true }]),
    ...placesIn(inside, [...path, key]),
  ]);
}

export function withText(value: unknown, path: readonly string[], isKey: boolean, text: string): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return text;
  if (Array.isArray(value))
    return value.map((each, i) => (String(i) === first ? withText(each, rest, isKey, text) : each));
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([key, inside]) => {
      if (key !== first) return [key, inside];
      return isKey && rest.length === 0 ? [text, inside] : [key, withText(inside, rest, isKey, text)];
    }),
  );
}
