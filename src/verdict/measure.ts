import type { MetricOperand } from './expression.ts';
import type { HeldView } from './held.ts';
import { heldView } from './held-tally.ts';
import type { HttpView } from './http.ts';
import { httpView } from './http-tally.ts';
import type { Measured, Unit } from './metric.ts';
import { findMetric } from './metrics.ts';
import { readNodes, tiersOf } from './nodes.ts';
import type { Recording } from './recording.ts';
import type { Step } from './steps.ts';
import { missingMarks, spanOf } from './windows.ts';

/** Views of every traffic and window, made once: several metrics share what is costly in them. */
export interface Views {
  held(traffic: string, window?: string): HeldView | undefined;
  http(traffic: string, window?: string): HttpView | undefined;
}

export function viewsOf(recording: Recording): Views {
  const tiers = tiersOf(recording.nodes);
  const held = memo((traffic: string, window: string) => {
    const tally = recording.held.get(traffic);
    const span = tally?.spans.find((one) => (one.window?.text ?? '') === window);
    return tally && span && heldView(tally, span, { ...recording, tiers });
  });
  const http = memo((traffic: string, window: string) => {
    const tally = recording.http.get(traffic);
    const span = tally?.spans.find((one) => (one.window?.text ?? '') === window);
    return tally && span && httpView(tally, span, { ...recording, tiers });
  });
  return {
    held: (traffic, window = '') => held(traffic, window),
    http: (traffic, window = '') => http(traffic, window),
  };
}

/** Measures one metric. @throws Error with one sentence if there is no such metric or window in this run */
export function measure(
  operand: MetricOperand,
  views: Views,
  recording: Recording,
): { value: Measured; unit: Unit } {
  const { traffic, path, window } = operand;
  const { marks, steadyAt } = recording;
  const missing = window === undefined ? [] : missingMarks([window], marks);
  if (missing.length > 0) throw new Error(`${missing.join(' and ')} never happened`);
  const held = views.held(traffic, window?.text);
  const http = views.http(traffic, window?.text);
  const measured =
    (held && measureHeld(held, path)) ??
    (http && measureHttp(http, path)) ??
    measureNodes(operand, recording);
  if (measured === undefined) throw new Error(`this run has no metric ${traffic}.${path}`);
  // Everything is counted from steady state on: without one, "none broke" would be said of nothing.
  return Number.isFinite(steadyAt)
    ? measured
    : { ...measured, value: { unmeasured: 'steady state was never reached' } };
}

/** What a node, or a tier, said of itself; the steps are the figure over time. */
export function measureNodes(
  { traffic: name, path, window }: MetricOperand,
  recording: Recording,
): { value: Measured; unit: Unit; steps: readonly Step[]; start: number; end: number } | undefined {
  const { nodes, marks, steadyAt, endAt } = recording;
  const span = spanOf(window, { steadyAt, times: marks });
  const end = Math.min(span.end, endAt);
  const read = readNodes(name, path, nodes, span.start, end);
  return read && { ...read, start: span.start, end };
}

function measureHeld(view: HeldView, path: string): { value: Measured; unit: Unit } | undefined {
  const found = findMetric('held-tcp', path);
  return found && { value: found.metric.measure(view, found.argument), unit: found.metric.unit };
}

function measureHttp(view: HttpView, path: string): { value: Measured; unit: Unit } | undefined {
  const found = findMetric('http', path);
  return found && { value: found.metric.measure(view, found.argument), unit: found.metric.unit };
}

function memo<Value>(make: (a: string, b: string) => Value): (a: string, b: string) => Value {
  const made = new Map<string, Value>();
  return (a, b) => {
    const key = `${a}\n${b}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(a, b);
    made.set(key, value);
    return value;
  };
}
