/** Values that a schema accepts, told from the schema itself: a new kind, fault or option is tried without a word here. */
import fc, { type Arbitrary } from 'fast-check';
import { z } from 'zod';

type Fields = Readonly<Record<string, z.ZodType>>;

/**
 * Objects that the schema accepts, in the form in which a file has them: defaults are not filled in.
 * @param names what a text may also be: names of nodes @returns undefined if no value is known for a key that is required
 */
export function accepted(
  fields: Fields,
  names: readonly string[] = [],
): Arbitrary<Record<string, unknown>> | undefined {
  const required = Object.keys(fields).filter((key) => fields[key]?.safeParse(undefined).success === false);
  const shape: Record<string, Arbitrary<unknown>> = {};
  for (const [key, field] of Object.entries(fields)) {
    const value = arbitraryOf(field, names);
    if (value !== undefined) shape[key] = value;
    else if (required.includes(key)) return undefined;
  }
  return fc.record(shape, { requiredKeys: required });
}

function arbitraryOf(field: z.ZodType, names: readonly string[]): Arbitrary<unknown> | undefined {
  const schema = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }) as Schema;
  return from(schema, [...names, ...words], (value) => field.safeParse(value).success);
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly default?: unknown;
}

function from(
  schema: Schema,
  words: readonly string[],
  accepts: (value: unknown) => boolean,
): Arbitrary<unknown> | undefined {
  const usual = schema.default === undefined ? [] : [schema.default];
  const known = 'const' in schema ? [schema.const] : schema.enum;
  if (known !== undefined) return fc.constantFrom(...known);
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.flatMap((one) => from(one, words, accepts) ?? []);
    return all.length === 0 ? undefined : fc.oneof(...all);
  }
  if (schema.type === 'boolean') return fc.boolean();
  if (schema.type === 'integer' || schema.type === 'number') {
    const min = schema.minimum ?? schema.exclusiveMinimum ?? 0;
    const max = schema.maximum ?? schema.exclusiveMaximum ?? 1000;
    const number =
      schema.type === 'integer'
        ? fc.integer({ min, max: Math.min(max, Number.MAX_SAFE_INTEGER) })
        : fc.double({ min, max, noNaN: true });
    return fc.oneof(number, fc.constantFrom(min, max)).filter(accepts);
  }
  if (schema.type === 'array' && schema.items !== undefined) {
    const item = from(schema.items, words, () => true);
    return item === undefined
      ? undefined
      : fc.uniqueArray(item, { minLength: 1, maxLength: 4 }).filter(accepts);
  }
  const texts = [...usual, ...words].filter(accepts);
  return schema.type === 'string' && texts.length > 0 ? fc.constantFrom(...texts) : undefined;
}

/** Texts with a form of their own that some option somewhere may want: durations, rates, sizes, shares, names, addresses. */
const words: readonly string[] = [
  ...['10ms', '1s', '50ms', '0.5s', '1.5ms', '9s', '100us', '1m', '10s', '3s', '65535s', '1h', '2.75s'],
  ...['50/s', '300/m', '10mbit', '1gbit', '64KB', '256', '10%', '0.1%', '100%', '8KiB'],
  ...['bird', 'haproxy', 'keepalived', 'net.ipv4.tcp_syncookies', 'in', 'out', 'both', '1', 'a'],
];
