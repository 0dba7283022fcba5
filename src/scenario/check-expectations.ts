import { nodeNames } from '../topology/index.ts';
import { type Check, type ExpectationContext, entryName } from './load.ts';

/** Expectations can be read, and speak of traffic, metrics and faults that are there. */
export function checkExpectations({ written, topology, checkExpectation, problem }: Check): void {
  const context: ExpectationContext = {
    traffic: written.traffic.map(({ name, type }) => ({ name, type })),
    faults: written.timeline.map(entryName),
    nodes: topology.nodes.flatMap(nodeNames),
  };
  const check = (path: readonly PropertyKey[], expressions: readonly string[]): void => {
    expressions.forEach((expression, i) => {
      const [message, ...hint] = (checkExpectation(expression, context) ?? '').split('\n');
      if (message !== undefined && message !== '')
        problem([...path, i], message, hint.length === 0 ? undefined : hint.join('\n').trim());
    });
  };
  check(['expect'], written.expect);
  check(['control', 'expect'], written.control?.expect ?? []);
}
