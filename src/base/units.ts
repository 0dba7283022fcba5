/** Durations as users write them: `500ms`, `10s`, `2m`, `1.5s`. */
const durationUnits: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** @returns milliseconds, or undefined if the text is no duration (a number without a unit is none). */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/.exec(text.trim());
  const unit = match?.[2] === undefined ? undefined : durationUnits[match[2]];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** `1530` → `1.53s`, `12.345` → `12.3ms`: at most three significant digits. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return String(ms);
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms >= 1000 ? `${significant(ms / 1000)}s` : `${significant(ms)}ms`;
}

/** `50/s`, `3000/m` → per second, or undefined. */
export function parseRate(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\/(s|m)$/.exec(text.trim());
  return match?.[1] === undefined ? undefined : Number(match[1]) / (match[2] === 's' ? 1 : 60);
}

const significant = (value: number): number => Number(value >= 100 ? value.toFixed(0) : value.toPrecision(3));
