import { nodeNames } from '../topology/index.ts';
import { type Check, type ExpectationContext, entryName } from './check.ts';

/** Expectations can be read, and speak of traffic, metrics and faults that are there. */
export function checkExpectations({ written, topology, checkExpectation, problem }: Check): void {
  const context: ExpectationContext = {
    traffic: written.traffic.map(({ name, type }) => ({ name, type })),
    faults: written.timeline.map(entryName),
    nodes: topology.nodes.flatMap(nodeNames),
  };
  const check = (path: readonly PropertyKey[], expressions: readonly string[]): void => {
    expressions.forEach((expression, i) => {
      const wrong = checkExpectation(expression, context);
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
  check(['control', 'expect'], written.control?.expect ?? []);
}
