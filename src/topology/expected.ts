import type { z } from 'zod';
import { suggest } from '../base/suggest.ts';

/** The parts of a zod definition that are read here (`schema._zod.def`), for every type of schema that files use. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
}

export const definition = (schema: z.core.$ZodType): Definition => schema._zod.def as unknown as Definition;

/** The schema that rules the value at a path, or undefined if none does. */
export function schemaAt(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  const bare = unwrap(schema, value);
  const [step, ...rest] = path;
  if (bare === undefined || step === undefined) return bare;
  const { type, shape, element, valueType } = definition(bare);
  const next =
    type === 'object'
      ? own(shape, String(step))
      : type === 'array'
        ? element
        : type === 'record'
          ? valueType
          : undefined;
  return next === undefined ? undefined : schemaAt(next, own(value, String(step)), rest);
}

/** What a schema wants, as the end of "must be …". */
export function expectation(schema: z.core.$ZodType): string {
  const { type, values, entries, options, element } = definition(schema);
  switch (type) {
    case 'boolean':
      return 'true or false';
    case 'number':
      return numbers(schema);
    case 'enum':
    case 'literal':
      return oneOf((values ?? Object.values(entries ?? {})).map(String));
    case 'array':
      return element === undefined
        ? 'a list'
        : `a list in brackets, each ${expectation(unwrap(element, undefined) ?? element)}`;
    case 'object':
    case 'record':
      return 'a map of keys and values';
    case 'union':
      return (options ?? []).map(expectation).join(' or ');
    default:
      return 'text';
  }
}

export const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `"${values[0]}"` : `one of ${values.join(', ')}`;

/** "did you mean" for a value that is none of the choices. */
export function nearChoice(schema: z.core.$ZodType, value: unknown): string | undefined {
  const { type, entries } = definition(schema);
  if (type !== 'enum' || typeof value !== 'string') return undefined;
  const hint = suggest(value, Object.values(entries ?? {}).map(String));
  return hint.startsWith('did you mean') ? hint : undefined;
}

/** The schema inside optional, default and the like; of a union, the branch that the value chose by its discriminator. */
function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType | undefined {
  const { type, innerType, in: input, options, discriminator } = definition(schema);
  if (innerType !== undefined) return unwrap(innerType, value);
  if (type === 'pipe' && input !== undefined) return unwrap(input, value);
  if (type !== 'union' || discriminator === undefined) return schema;
  const chosen = own(value, discriminator);
  const branch = options?.find((option) =>
    own(definition(option).shape, discriminator)?._zod.values?.has(chosen as z.core.util.Primitive),
  );
  return branch === undefined ? schema : unwrap(branch, value);
}

/** zod keeps the limits of a number, whatever checks set them, in its bag. */
function numbers(schema: z.core.$ZodType): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, format } = schema._zod.bag as {
    readonly [limit in 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum']?: number;
  } & { readonly format?: string };
  const what = format?.includes('int') ? 'a whole number' : 'a number';
  const low = bound(minimum);
  const high = bound(maximum);
  if (low !== undefined && high !== undefined) return `${what} from ${low} to ${high}`;
  const limits = [
    ...(low === undefined ? [] : [`of at least ${low}`]),
    ...(exclusiveMinimum === undefined ? [] : [`greater than ${exclusiveMinimum}`]),
    ...(high === undefined ? [] : [`of at most ${high}`]),
    ...(exclusiveMaximum === undefined ? [] : [`less than ${exclusiveMaximum}`]),
  ];
  return [what, limits.join(' and ')].filter((part) => part !== '').join(' ');
}

/** zod gives whole numbers the limits of what JavaScript can count exactly; nobody wants to read those. */
const bound = (limit: number | undefined): number | undefined =>
  limit === undefined || !Number.isFinite(limit) || Math.abs(limit) === Number.MAX_SAFE_INTEGER
    ? undefined
    : limit;

function own<T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined;
function own(object: unknown, key: string): unknown;
function own(object: unknown, key: string): unknown {
  if (object === null || typeof object !== 'object' || !Object.hasOwn(object, key)) return undefined;
  return (object as Record<string, unknown>)[key];
}
