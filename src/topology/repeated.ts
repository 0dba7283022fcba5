import { type Document, isScalar, visit } from 'yaml';
import type { Diagnostic, Location } from '../base/errors.ts';

/** Keys that a map has already. */
export function repeatedKeys(document: Document, position: (offset: number) => Location): Diagnostic[] {
  const problems: Diagnostic[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          problems.push({
            ...position(key.range?.[0] ?? 0),
            message: `the key "${key.source ?? String(key.value)}" is here a second time`,
            hint: 'remove one of the two, or rename it',
          });
        }
        seen.add(key.value);
      }
    },
  });
  return problems;
}
