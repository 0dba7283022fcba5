import { measureTypes, nodeNames } from '../topology/index.ts';
import { type Check, type ExpectationContext, entryName } from './check.ts';
import { skipped } from './control.ts';

/** Expectations can be read, and speak of traffic, metrics and faults that are there. */
export function checkExpectations({ written, topology, kinds, checkExpectation, problem }: Check): void {
  const context = (skip: readonly string[]): ExpectationContext => ({
    traffic: written.traffic.map(({ name, type }) => ({ name, type })),
    faults: written.timeline
      .filter((item) => !skipped(skip, entryName(item), 'of' in item ? item.of : undefined))
      .map(entryName),
    nodes: topology.nodes.flatMap(nodeNames),
    measured: topology.nodes.flatMap((group) => {
      const measures = measureTypes(kinds[group.kind]);
      if (Object.keys(measures).length === 0) return [];
      return [...new Set([group.name, ...nodeNames(group)])].map((name) => ({ name, measures }));
    }),
  });
  const check = (
    path: readonly PropertyKey[],
    expressions: readonly string[],
    skip: readonly string[] = [],
  ): void => {
    expressions.forEach((expression, i) => {
      const wrong = checkExpectation(expression, context(skip));
      if (wrong === undefined) return;
      // The expression's own columns count on from where it begins in the file.
      const [, column, words] = /^column (\d+): (.*)$/s.exec(wrong) ?? [undefined, '1', wrong];
      const [message = wrong, ...hints] = words?.split('\n') ?? [];
      problem(
        [...path, i],
        message,
        hints.length === 0 ? undefined : hints.join(' '),
        'value',
        Number(column) - 1,
      );
    });
  };
  check(['expect'], written.expect);
  check(['control', 'expect'], written.control?.expect ?? [], written.control?.skip);
}
