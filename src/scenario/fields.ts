import { z } from 'zod';
import { formatDuration, parseDuration, parseRate } from '../base/units.ts';

const dayMs = 24 * 3_600_000;

/** A duration as text; milliseconds come out. */
export function durationField(description: string, atLeastMs = 1) {
  const like = 'must be a duration such as 500ms or 10s';
  const range =
    atLeastMs === 0 ? 'must be at most 24h' : `must be a duration from ${formatDuration(atLeastMs)} to 24h`;
  return z
    .string({ error: like })
    .regex(/^\d+(\.\d+)?(us|ms|s|m|h)$/, { error: like, abort: true })
    .refine((text) => within(parseDuration(text), atLeastMs, dayMs), { error: range })
    .transform((text) => parseDuration(text) ?? 0)
    .meta({ description });
}

/** A rate as text; requests a second come out. */
export function rateField(description: string) {
  const like = 'must be a rate such as 50/s or 300/m';
  return z
    .string({ error: like })
    .regex(/^\d+(\.\d+)?\/[sm]$/, { error: like, abort: true })
    .refine((text) => parseRate(text) !== 0 && within(parseRate(text), 0, 10_000), {
      error: 'must be more than 0 and at most 10000/s',
    })
    .transform((text) => parseRate(text) ?? 0)
    .meta({ description });
}

/** Bytes: a whole number, or text with a unit (KB is 1000 bytes, KiB 1024). */
export function sizeField(description: string) {
  const like = 'must be a size such as 256 or 64KB';
  return z
    .union([z.number(), z.string()], { error: like })
    .refine((size) => parseSize(size) !== undefined, { error: like, abort: true })
    .refine((size) => within(parseSize(size), 1, 1_048_576), { error: 'must be a size from 1 byte to 1MiB' })
    .transform((size) => parseSize(size) ?? 0)
    .meta({ description });
}

/** A name that only stands in this file: expectations begin with it or end in it. */
export const freeName = (description: string) =>
  z
    .string({ error: 'must be a name' })
    .regex(/^[a-z][a-z0-9_-]{0,39}$/, {
      error: 'must begin with a small letter and go on with at most 39 small letters, digits, "-" and "_"',
    })
    .meta({ description });

const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1000,
  KiB: 1024,
  MB: 1_000_000,
  MiB: 1_048_576,
};

function parseSize(size: string | number): number | undefined {
  const match = /^(\d+)\s*([A-Za-z]*)$/.exec(String(size).trim());
  const unit = match?.[2] !== undefined && Object.hasOwn(units, match[2]) ? units[match[2]] : undefined;
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

const within = (value: number | undefined, low: number, high: number): boolean =>
  value !== undefined && value >= low && value <= high;
