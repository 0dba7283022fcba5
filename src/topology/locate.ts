import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from 'yaml';
import { isMerge, mergedFrom } from './aliases.ts';

/**
 * Where the key and the value at a path begin in the text, in characters; where that path leads nowhere, those of the
 * nearest thing around it. What an alias or a merge brings in is where it was written.
 */
export function offsetAt(
  document: Document,
  path: readonly PropertyKey[],
): { readonly key: number; readonly value: number } {
  let node: unknown = document.contents;
  let found = { key: offsetOf(node, 0), value: offsetOf(node, 0) };
  for (const step of path) {
    const inside = isAlias(node) ? node.resolve(document) : node;
    if (isMap(inside)) {
      const pair = findPair(document, inside, String(step));
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
}

/** The pair with that key, also if it was merged in from elsewhere (`<<: *other`). */
function findPair(document: Document, map: YAMLMap, name: string): Pair | undefined {
  const own = map.items.find(({ key }) => isScalar(key) && String(key.value) === name);
  if (own !== undefined) return own;
  for (const { key, value } of map.items) {
    if (!isMerge(key)) continue;
    for (const source of mergedFrom(value, document)) {
      const pair = isMap(source) ? findPair(document, source, name) : undefined;
      if (pair !== undefined) return pair;
    }
  }
  return undefined;
}

const offsetOf = (node: unknown, otherwise: number): number =>
  isNode(node) ? (node.range?.[0] ?? otherwise) : otherwise;
