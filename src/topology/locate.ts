import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import { isMerge, mergedFrom } from './aliases.ts';

/** Where a key and a value begin in the text, in characters. */
interface Offsets {
  readonly key: number;
  readonly value: number;
}

/**
 * @returns a function that finds the key and the value at a path; where that path leads nowhere, the nearest thing around
 * it. What an alias or a merge brings in is where it was written.
 */
export function locator(document: Document): (path: readonly PropertyKey[]) => Offsets {
  const findPair = pairFinder(document);
  return (path) => {
    let node: unknown = document.contents;
    let found = { key: offsetOf(node, 0), value: offsetOf(node, 0) };
    for (const step of path) {
      const inside = isAlias(node) ? node.resolve(document) : node;
      if (isMap(inside)) {
        const pair = findPair(inside, String(step));
        if (pair === undefined) break;
        const key = offsetOf(pair.key, 0);
        found = { key, value: offsetOf(pair.value, key) };
        node = pair.value;
      } else if (isSeq(inside) && typeof step === 'number' && step < inside.items.length) {
        node = inside.items[step];
        const offset = offsetOf(node, found.value);
        found = { key: offset, value: offset };
      } else break;
    }
    return found;
  };
}

/**
 * Finds the pair with a key in a map, also if it was merged in from elsewhere (`<<: *other`). Each map is gone through
 * once only: a file may have a problem with every one of very many keys.
 */
function pairFinder(document: Document): (map: YAMLMap, name: string) => Pair | undefined {
  const known = new Map<YAMLMap, ReadonlyMap<string, Pair>>();
  const pairsOf = (map: YAMLMap): ReadonlyMap<string, Pair> => {
    const before = known.get(map);
    if (before !== undefined) return before;
    const pairs = new Map<string, Pair>();
    known.set(map, pairs);
    const own = map.items.flatMap((pair) =>
      isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : [],
    );
    const merged = map.items
      .filter(({ key }) => isMerge(key))
      .flatMap(({ value }) =>
        mergedFrom(value, document).flatMap((source) => (isMap(source) ? [...pairsOf(source)] : [])),
      );
    for (const [name, pair] of [...own, ...merged]) if (!pairs.has(name)) pairs.set(name, pair);
    return pairs;
  };
  return (map, name) => pairsOf(map).get(name);
}

const offsetOf = (node: unknown, otherwise: number): number =>
  isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise;
