import { suggest } from '../base/suggest.ts';
import { commonKeys, writtenKinds } from './schema.ts';
import type { KindTable } from './types.ts';
import type { Wording } from './validate.ts';

/** Better words than the general ones for keys and kinds of a topology file. */
export function topologyWording(kinds: KindTable): Wording {
  const known = writtenKinds(kinds);
  const keysOf = (kind: string): string[] => {
    const traits = known.find(({ name }) => name === kind);
    return traits === undefined ? [] : [...Object.keys(traits.keys), ...Object.keys(traits.options.shape)];
  };
  return {
    instead(path, value) {
      const isScenario = path.length === 0 && hasKey(value, 'timeline') && !hasKey(value, 'nodes');
      return isScenario
        ? {
            message: 'this is a scenario, not a topology',
            hint: 'the topology is the file that its key "topology" names',
          }
        : undefined;
    },
    unknownKey(path, key, allowed) {
      const [section, name] = path;
      if (section !== 'nodes' || name === undefined || path.length !== 2) return undefined;
      const owners = known.map(({ name: kind }) => kind).filter((kind) => keysOf(kind).includes(key));
      const kind = known.find(({ name }) =>
        sameKeys(allowed, [...commonKeys.slice(0, 3), ...keysOf(name)]),
      )?.name;
      const here = kind === undefined ? 'here' : `to kind ${kind}`;
      if (owners.length === 0) return undefined;
      return {
        message: `the key "${key}" does not apply ${here}`,
        hint: `kinds that have it: ${owners.join(', ')}; keys here: ${[...allowed].sort().join(', ')}`,
      };
    },
    unknownChoice(path, value, choices) {
      if (path[0] !== 'nodes' || typeof value !== 'string') return undefined;
      const internal = Object.hasOwn(kinds, value) && kinds[value]?.internal === true;
      if (internal)
        return {
          message: `kind "${value}" cannot be written: every network gets its own`,
          hint: `known kinds: ${[...choices].sort().join(', ')}`,
        };
      return { message: `unknown kind "${value}"`, hint: suggest(value, choices, 'known kinds') };
    },
  };
}

const hasKey = (value: unknown, key: string): boolean =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key);

const sameKeys = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key) => b.includes(key));
