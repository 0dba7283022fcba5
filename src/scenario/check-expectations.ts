import { measureTypes, type Topology } from '../topology/index.ts';
import { type Check, type ExpectationContext, entryNames } from './check.ts';
import { controlTimeline } from './control-timeline.ts';
import { membershipOf } from './membership.ts';
import type { TimelineItem } from './schema.ts';

/** Expectations can be read, and speak of traffic, metrics and faults that are there. */
export function checkExpectations(
  { written, topology, kinds, faults, checkExpectation, problem }: Check,
  topologyOfControl: Topology,
): void {
  const context = (items: readonly TimelineItem[], topology: Topology): ExpectationContext => {
    const { nodes } = membershipOf(topology, items, kinds);
    return {
      traffic: written.traffic.map(({ name, type }) => ({ name, type })),
      faults: items.flatMap((item) => entryNames(item, topology)),
      nodes: nodes.map(({ name }) => name),
      tiers: topology.nodes.map(({ name }) => name),
      measured: topology.nodes.flatMap((group) => {
        const measures = measureTypes(kinds[group.kind]);
        if (Object.keys(measures).length === 0) return [];
        const members = nodes.filter((node) => node.group === group.name).map(({ name }) => name);
        return [...new Set([group.name, ...members])].map((name) => ({ name, measures }));
      }),
    };
  };
  const check = (
    path: readonly PropertyKey[],
    expressions: readonly string[],
    items: readonly TimelineItem[] = written.timeline,
    where: Topology = topology,
  ): void => {
    expressions.forEach((expression, i) => {
      const wrong = checkExpectation(expression, context(items, where));
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
  const control = controlTimeline(written, faults).entries.map(({ item }) => item);
  check(['control', 'expect'], written.control?.expect ?? [], control, topologyOfControl);
}
