import type { ChartData } from './data.ts';

export function formatValue(value: number | null, unit: ChartData['unit']): string {
  if (value === null) return '–';
  if (unit === 'rate') return `${value}/s`;
  return unit === 'count' ? String(value) : duration(value);
}

/** For an axis: as short as can be. */
export function formatTick(value: number, unit: ChartData['unit']): string {
  return unit === 'duration' ? duration(value) : value >= 10_000 ? `${value / 1000}k` : String(value);
}

function duration(ms: number): string {
  if (ms >= 1000) return `${Number((ms / 1000).toPrecision(3))}s`;
  return ms >= 1 ? `${Number(ms.toPrecision(3))}ms` : `${Number((ms * 1000).toPrecision(3))}µs`;
}
