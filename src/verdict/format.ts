import { formatDuration } from '../base/units.ts';
import type { Unit } from './metric.ts';

/** A measured figure for people: `226`, `650ms`, `0.08%`, `49.8/s`. */
export function formatMeasured(value: number, unit: Unit): string {
  if (unit === 'duration') return formatDuration(value);
  if (unit === 'ratio') return `${short(value * 100)}%`;
  if (unit === 'rate') return `${short(value)}/s`;
  return short(value);
}

/** At most three digits after the point, fewer for large values; a small value is never shown as 0. */
function short(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const digits =
    Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : undefined;
  return String(Number(digits === undefined ? value.toPrecision(2) : value.toFixed(digits)));
}
