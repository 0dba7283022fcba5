/** The ways of the flows before the first fault, and after each fault and each heal. */
import { brokenAt, type Flow, l4Before, standsAt } from './flow.ts';
import type { FaultEvent } from './history.ts';

/** What a flow did in a stage: stayed, was seen on another L4 than in the stage before, or broke. */
type Fate = 'kept' | 'moved' | 'broken';

export interface Stage {
  /** `before crash`, `after crash`. */
  readonly title: string;
  /** ms since the timeline's start; the ways are those right before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Nodes that a fault hit and nothing healed yet, and which: `l4-1` → `node.crash`. */
  readonly hit: Readonly<Record<string, string>>;
  readonly flows: Readonly<Record<Fate, number>>;
  /** Between an L4 and an L7, or an L7 and a backend. `from` null: nobody saw the L4. A broken flow is at its last L4. */
  readonly ways: readonly {
    readonly from: string | null;
    readonly to: string;
    readonly flows: number;
    readonly fate: Fate;
  }[];
}

export function stagesOf(
  flows: readonly Flow[],
  faults: readonly FaultEvent[],
  { zero, endAt }: { zero: number; endAt: number },
): Stage[] {
  const marks = faults
    .filter(({ landed, from }) => landed && from <= endAt)
    .sort((a, b) => a.from - b.from)
    .slice(0, mostMarks);
  const hit = new Map<string, string>();
  const first = marks[0]?.from ?? endAt;
  const title = marks[0] === undefined ? 'the whole run' : `before ${marks[0].name}`;
  const stages = [stage(title, flows, { from: Number.NEGATIVE_INFINITY, to: first, zero, hit: {} })];
  for (const [i, mark] of marks.entries()) {
    for (const target of mark.targets) {
      if (mark.action === 'inject') hit.set(target, mark.fault);
      else hit.delete(target);
    }
    const span = { from: mark.from, to: marks[i + 1]?.from ?? endAt, zero, hit: Object.fromEntries(hit) };
    stages.push(stage(`after ${mark.name}`, flows, span));
  }
  return stages;
}

/** More pictures than these nobody compares. */
const mostMarks = 11;

function stage(
  title: string,
  flows: readonly Flow[],
  { from, to, zero, hit }: { from: number; to: number; zero: number; hit: Stage['hit'] },
): Stage {
  const counts = { kept: 0, moved: 0, broken: 0 };
  const ways = new Map<string, { from: string | null; to: string; flows: number; fate: Fate }>();
  const add = (start: string | null, end: string, fate: Fate): void => {
    const key = `${start}\n${end}\n${fate}`;
    const way = ways.get(key) ?? { from: start, to: end, flows: 0, fate };
    way.flows += 1;
    ways.set(key, way);
  };
  for (const flow of flows) {
    const fate = fateOf(flow, from, to);
    if (fate === undefined) continue;
    counts[fate] += 1;
    add(l4Before(flow, to) ?? null, flow.l7, fate);
    add(flow.l7, flow.backend, fate);
  }
  const fromMs = Number.isFinite(from) ? from - zero : 0;
  return { title, fromMs, toMs: to - zero, hit, flows: counts, ways: [...ways.values()] };
}

/** undefined: it is not there (yet, or any more). */
function fateOf(flow: Flow, from: number, to: number): Fate | undefined {
  const broke = brokenAt(flow);
  if (broke !== undefined && broke >= from && broke < to) return 'broken';
  // What ended by plan did so because the run ended, by another clock perhaps a moment earlier.
  const stands = broke === undefined ? flow.openedAt <= to : standsAt(flow, to);
  if (!stands) return undefined;
  const before = l4Before(flow, from);
  return Number.isFinite(from) && before !== undefined && before !== l4Before(flow, to) ? 'moved' : 'kept';
}
