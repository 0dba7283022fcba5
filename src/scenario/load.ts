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
import { withControl } from './control.ts';
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
  const topology = await readTopology(document, ['topology'], surroundings.kinds);
  const own = await readTopology(document, ['control', 'topology'], surroundings.kinds);
  if (written === undefined || topology === undefined || isList(topology) || isList(own)) {
    throw new InputError([...problems, ...[topology, own].flatMap((each) => (isList(each) ? each : []))]);
  }
  const topologyOfControl = own ?? topology;
  const further: (Diagnostic & { readonly bare: string })[] = [];
  const checkIn = (where: Topology, prefix = ''): Check => ({
    ...surroundings,
    written,
    topology: where,
    plan: planTopology(where, surroundings.kinds),
    problem(path, bare, hint, at = 'value', columns = 0) {
      const message = `${prefix}${bare}`;
      const place = document.locate(path, at);
      const column = (place.column ?? 1) + columns;
      // The control shares most of the timeline: what is wrong with both is said once.
      const known = further.some(
        (other) => other.bare === bare && other.line === place.line && other.column === column,
      );
      if (!known) further.push({ ...place, column, message, bare, ...(hint === undefined ? {} : { hint }) });
    },
  });
  const check = checkIn(topology);
  const there = own === undefined ? check : checkIn(own, 'in the topology of the control: ');
  checkTraffic(check);
  checkTimeline(
    check,
    written.timeline.map((item, i) => ({ item, path: ['timeline', i] })),
  );
  checkExpectations(check, topologyOfControl);
  checkControl(check, there);
  if (further.length > 0) throw new InputError(inOrder(further));
  const ofControl = withControl(topologyOfControl, written.control?.set ?? {}, surroundings.kinds);
  return { scenario: build(document, written, surroundings.faults, ofControl), topology };
}

const isList = (read: Topology | readonly Diagnostic[] | undefined): read is readonly Diagnostic[] =>
  read !== undefined && 'length' in read;

/**
 * Even if the rest of the scenario is wrong: the topology's problems are told along with it.
 * @param at the key whose value is its path
 * @returns undefined if no path stands there
 */
async function readTopology(
  document: YamlDocument,
  at: readonly string[],
  kinds: KindTable,
): Promise<Topology | readonly Diagnostic[] | undefined> {
  const path = at.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined,
    document.value,
  );
  if (typeof path !== 'string' || path === '') return undefined;
  try {
    return await loadTopology(isAbsolute(path) ? path : join(dirname(document.file), path), kinds);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // A file that cannot be read at all is a problem of the line that names it.
    return error.diagnostics.map((problem) =>
      problem.line === undefined
        ? {
            ...problem,
            ...document.locate(at),
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
  topologyOfControl: Topology,
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
    topologyFile: resolve(dirname(file), written.topology),
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
            topology: topologyOfControl,
            set: control.set,
            skip: control.skip,
            replace: Object.fromEntries(
              other
                .filter(({ name }) => Object.hasOwn(control.replace, name))
                .map((entry) => [entry.name, describeEntry(entry)]),
            ),
            timeline: other,
            durationMs: control.duration ?? duration,
            expect: lines(['control', 'expect'], control.expect),
          },
        }),
  };
}

function trafficOf(entry: TrafficEntry): ScenarioTraffic {
  const { name, from, to, family, timeout: timeoutMs } = entry;
  const common = { name, from, to, ...(family === undefined ? {} : { family }), timeoutMs };
  if (entry.type === 'http') return { type: 'http', ...common, ratePerSecond: entry.rate };
  const {
    connections,
    heartbeat: heartbeatMs,
    stall: stallMs,
    upload: uploadBytes,
    download: downloadBytes,
    contested,
  } = entry;
  return {
    type: 'held-tcp',
    ...common,
    connections,
    heartbeatMs,
    stallMs,
    uploadBytes,
    downloadBytes,
    ...(contested ? { contested } : {}),
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
