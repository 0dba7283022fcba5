import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type Diagnostic, InputError } from '../base/errors.ts';
import {
  inOrder,
  type KindTable,
  loadTopology,
  planTopology,
  readDocument,
  type Topology,
  validate,
  type YamlDocument,
} from '../topology/index.ts';
import { type Check, entryName, type ScenarioSurroundings } from './check.ts';
import { checkControl } from './check-control.ts';
import { checkExpectations } from './check-expectations.ts';
import { checkTimeline } from './check-timeline.ts';
import { checkTraffic } from './check-traffic.ts';
import { controlTimeline } from './control-timeline.ts';
import { describeEntry } from './describe.ts';
import { rollingSteps } from './rolling.ts';
import { type ScenarioFile, scenarioSchema, type TimelineItem, type TrafficEntry } from './schema.ts';
import type { FaultTable, Scenario, ScenarioTraffic, TimelineEntry } from './types.ts';
import { scenarioWording } from './wording.ts';

/**
 * Reads a scenario and the topology it names, and checks both.
 * @throws InputError with all problems: first those of both files' shapes and of the topology, then those of references
 */
export async function loadScenario(
  file: string,
  surroundings: ScenarioSurroundings,
): Promise<{ scenario: Scenario; topology: Topology }> {
  const document = await readDocument(file);
  const { value: written, problems } = validate(
    document,
    scenarioSchema(surroundings.faults),
    scenarioWording,
  );
  const topologyPath = topologyPathOf(document);
  const topology =
    topologyPath === undefined ? [] : await readTopology(document, topologyPath, surroundings.kinds);
  if (written === undefined || topologyPath === undefined || 'length' in topology) {
    throw new InputError([...problems, ...('length' in topology ? topology : [])]);
  }
  const further: Diagnostic[] = [];
  const check: Check = {
    ...surroundings,
    written,
    topology,
    plan: planTopology(topology, surroundings.kinds),
    problem(path, message, hint, at = 'value', columns = 0) {
      const place = document.locate(path, at);
      const column = (place.column ?? 1) + columns;
      // The control shares most of the timeline: what is wrong with both is said once.
      const known = further.some(
        (other) => other.message === message && other.line === place.line && other.column === column,
      );
      if (!known) further.push({ ...place, column, message, ...(hint === undefined ? {} : { hint }) });
    },
  };
  checkTraffic(check);
  checkTimeline(
    check,
    written.timeline.map((item, i) => ({ item, path: ['timeline', i] })),
  );
  checkExpectations(check);
  checkControl(check);
  if (further.length > 0) throw new InputError(inOrder(further));
  return {
    scenario: build(document, written, surroundings.faults, resolve(dirname(file), topologyPath)),
    topology,
  };
}

/** As written, even if the rest of the scenario is wrong: the topology's problems are told along with it. */
function topologyPathOf({ value }: YamlDocument): string | undefined {
  const path =
    value !== null && typeof value === 'object' && 'topology' in value ? value.topology : undefined;
  return typeof path === 'string' && path !== '' ? path : undefined;
}

async function readTopology(
  document: YamlDocument,
  path: string,
  kinds: KindTable,
): Promise<Topology | readonly Diagnostic[]> {
  try {
    return await loadTopology(isAbsolute(path) ? path : join(dirname(document.file), path), kinds);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // A file that cannot be read at all is a problem of the line that names it.
    return error.diagnostics.map((problem) =>
      problem.line === undefined
        ? {
            ...problem,
            ...document.locate(['topology']),
            message: `the topology "${path}" ${problem.message}`,
          }
        : problem,
    );
  }
}

function build(
  { file, locate }: YamlDocument,
  written: ScenarioFile,
  faults: FaultTable,
  topologyFile: string,
): Scenario {
  const { name, seed, traffic, steady, timeline, duration, expect, control } = written;
  const lines = (path: readonly PropertyKey[], expressions: readonly string[]) =>
    expressions.map((expression, i) => ({ expression, line: locate([...path, i]).line ?? 0 }));
  const other = inTime(
    controlTimeline(written, faults).entries.map(({ item }) => item),
    faults,
  );
  return {
    name,
    file,
    topologyFile,
    seed,
    traffic: traffic.map(trafficOf),
    steady: { forMs: steady.for, withinMs: steady.within },
    timeline: inTime(timeline, faults),
    durationMs: duration,
    expect: lines(['expect'], expect),
    ...(control === undefined
      ? {}
      : {
          control: {
            set: control.set,
            skip: control.skip,
            replace: Object.fromEntries(
              other
                .filter(({ name }) => Object.hasOwn(control.replace, name))
                .map((entry) => [entry.name, describeEntry(entry)]),
            ),
            timeline: other,
            expect: lines(['control', 'expect'], control.expect),
          },
        }),
  };
}

function trafficOf(entry: TrafficEntry): ScenarioTraffic {
  const { name, from, to, timeout: timeoutMs } = entry;
  if (entry.type === 'http') return { type: 'http', name, from, to, ratePerSecond: entry.rate, timeoutMs };
  const {
    connections,
    heartbeat: heartbeatMs,
    stall: stallMs,
    upload: uploadBytes,
    download: downloadBytes,
  } = entry;
  return {
    type: 'held-tcp',
    name,
    from,
    to,
    connections,
    heartbeatMs,
    timeoutMs,
    stallMs,
    uploadBytes,
    downloadBytes,
  };
}

const inTime = (timeline: readonly TimelineItem[], faults: FaultTable): TimelineEntry[] =>
  timeline.map((item) => entryOf(item, faults)).sort((a, b) => a.atMs - b.atMs);

function entryOf(item: TimelineItem, faults: FaultTable): TimelineEntry {
  const name = entryName(item);
  if (item.fault === undefined) {
    const when = { atMs: item.at, name };
    if (item.action === 'heal') return { action: 'heal', ...when, of: item.of };
    if (item.action === 'drain')
      return { action: 'drain', ...when, target: item.target, withinMs: item.within };
    if (item.action === 'scale')
      return { action: 'scale', ...when, tier: item.tier, by: item.by, withinMs: item.within };
    if (item.action === 'undrain') return { action: 'undrain', ...when, of: item.of, withinMs: item.within };
    return {
      action: 'rolling',
      ...when,
      target: item.tier,
      steps: rollingSteps(item.do, faults),
      maxUnavailable: item.max_unavailable,
      pauseMs: item.pause,
      withinMs: item.within,
    };
  }
  const { at: atMs, name: _, fault, target, ...options } = item;
  return { action: 'inject', atMs, name, fault, target, options };
}
