import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair, visit } from 'yaml';
import type { Diagnostic, Location } from '../base/errors.ts';

/** Problems with anchors, aliases and merges that the parser leaves to whoever uses its document. */
export function aliasProblems(document: Document, position: (offset: number) => Location): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const anchors = new Set<string>();
  const add = (node: unknown, message: string, hint?: string): void => {
    const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
    problems.push({ ...position(offset), message, ...(hint === undefined ? {} : { hint }) });
  };
  visit(document, {
    Alias: (_, alias, ancestors) => {
      const { source } = alias;
      if (!anchors.has(source)) {
        add(
          alias,
          `the alias "*${source}" stands for no anchor (&${source}) above it`,
          'text that begins with * needs quotes',
        );
      } else if (ancestors.some((node) => (isMap(node) || isSeq(node)) && node.anchor === source)) {
        add(alias, `the alias "*${source}" stands for something that it is a part of`);
      }
    },
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Pair: (_, { key, value }) => {
      if (!isScalar(key)) return;
      if (key.value === '__proto__') add(key, '"__proto__" cannot be a key');
      if (isMerge(key) && !mergedFrom(value, document).every(isMap)) {
        add(
          isNode(value) ? value : key,
          '"<<" merges a map into this one, and this is none',
          'write <<: *name, where &name is before a map',
        );
      }
    },
  });
  return problems;
}

/** Whether a key is `<<`, which takes in the pairs of other maps. */
export function isMerge(key: Pair['key']): boolean {
  return isScalar(key) && (key.source ?? String(key.value)) === '<<';
}

/** What a `<<` merges: a map, or each of a list of maps, with aliases followed. */
export function mergedFrom(value: Pair['value'], document: Document): unknown[] {
  const merged = isAlias(value) ? value.resolve(document) : value;
  return isSeq(merged)
    ? merged.items.map((item) => (isAlias(item) ? item.resolve(document) : item))
    : [merged];
}
