import { z } from 'zod';
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
  readonly checks?: readonly {
    readonly _zod: { readonly def: { readonly error?: (issue: object) => unknown } };
  }[];
}

export const definition = (schema: z.core.$ZodType): Definition => schema._zod.def as unknown as Definition;

/** The schema that rules the value at a path, as it was declared, or undefined if none does. */
export function schemaAt(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const bare = inside(schema, value);
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

/** What a key means, in the words of its schema. */
export function meaning(schema: z.core.$ZodType): string | undefined {
  const { innerType, in: input } = definition(schema);
  const within = innerType ?? input;
  return z.globalRegistry.get(schema)?.description ?? (within === undefined ? undefined : meaning(within));
}

/** What a schema wants, as the end of "must be …". */
export function expectation(declared: z.core.$ZodType): string {
  const schema = inside(declared, undefined);
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
      return element === undefined ? 'a list' : `a list in brackets, each ${expectation(element)}`;
    case 'object':
    case 'record':
      return 'a map of keys and values';
    case 'union':
      return (options ?? []).map(expectation).join(' or ');
    case 'string':
      return texts(schema);
    default:
      return 'text';
  }
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `"${values[0]}"` : `one of ${values.join(', ')}`;

/** "did you mean" for a value that is none of the choices. */
export function nearChoice(schema: z.core.$ZodType, value: unknown): string | undefined {
  const { type, entries } = definition(inside(schema, undefined));
  if (type !== 'enum' || typeof value !== 'string') return undefined;
  const hint = suggest(value, Object.values(entries ?? {}).map(String));
  return hint.startsWith('did you mean') ? hint : undefined;
}

/** The schema inside optional, default and the like; of a union, the branch that the value chose by its discriminator. */
export function inside(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  const { type, innerType, in: input, options, discriminator } = definition(schema);
  if (innerType !== undefined) return inside(innerType, value);
  if (type === 'pipe' && input !== undefined) return inside(input, value);
  if (type !== 'union' || discriminator === undefined) return schema;
  const chosen = own(value, discriminator) as z.core.util.Primitive;
  const branch = options?.find((option) => option._zod.propValues?.[discriminator]?.has(chosen));
  return branch === undefined ? schema : inside(branch, value);
}

/** Checks of a text tell best what is wanted: "expected a duration such as 100ms". */
function texts(schema: z.core.$ZodType): string {
  for (const check of definition(schema).checks ?? []) {
    const said = check._zod.def.error?.({});
    const words = /^(?:must be|expected) (.*)$/.exec(String(said))?.[1];
    if (words !== undefined) return words;
  }
  return 'text';
}

function numbers(schema: z.core.$ZodType): string {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = z.toJSONSchema(schema, {
    unrepresentable: 'any',
  });
  const what = type === 'integer' ? 'a whole number' : 'a number';
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
  limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit;

function own<T>(object: Readonly<Record<string, T>> | undefined, key: string): T | undefined;
function own(object: unknown, key: string): unknown;
function own(object: unknown, key: string): unknown {
  if (object === null || typeof object !== 'object' || !Object.hasOwn(object, key)) return undefined;
  return (object as Record<string, unknown>)[key];
}
