/** HTML that is safe by construction: whatever is put into a template is escaped unless it is a template itself. */
import { plain } from '../text.ts';

export interface Markup {
  readonly markup: string;
}

type Value = Markup | string | number | undefined | readonly (Markup | undefined)[];

export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return {
    markup: strings.reduce((text, part, i) => `${text}${i === 0 ? '' : rendered(values[i - 1])}${part}`, ''),
  };
}

/** Data for a script of the page: JSON in which nothing can end the element that holds it. */
export function jsonData(value: unknown): Markup {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'string' ? readable(one) : one));
  return { markup: text.replaceAll('<', '\\u003c') };
}

/** Our own text, which must not be escaped. */
export const trusted = (markup: string): Markup => ({ markup });

function rendered(value: Value): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escaped(readable(value));
  if ('markup' in value) return value.markup;
  return value.map((one) => one?.markup ?? '').join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for attributes in quotes. */
const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** Bidirectional overrides could show a name as what it is not. */
const readable = (text: string): string => plain(text).replace(/[\u202a-\u202e\u2066-\u2069]/g, '');
