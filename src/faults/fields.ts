/** Fields that faults' schemas share. What comes out is in milliseconds, shares from 0 to 1, bits a second. */
import { z } from 'zod';
import { parseDuration } from '../base/units.ts';

/** A duration as text; milliseconds come out. */
export function durationField(description: string, [fromMs, toMs]: readonly [number, number]) {
  const error = 'must be a duration such as 20ms or 2s';
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(us|ms|s|m)$/, { error, abort: true })
    .refine((text) => within(parseDuration(text), fromMs, toMs), {
      error: `must be from ${fromMs}ms to ${toMs / 1000}s`,
    })
    .transform((text) => parseDuration(text) ?? 0)
    .meta({ description });
}

/** `5%`; a share from 0 to 1 comes out. */
export function shareField(description: string) {
  const error = 'must be a percentage such as 1% or 0.5%';
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?%$/, { error, abort: true })
    .refine((text) => within(Number.parseFloat(text), 0, 100), { error: 'must be at most 100%' })
    .transform((text) => Number.parseFloat(text) / 100)
    .meta({ description });
}

/** `10Mbit/s`; bits a second come out. */
export function bitrateField(description: string) {
  const error = 'must be a bit rate such as 500kbit/s or 10Mbit/s';
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?[kMG]?bit\/s$/, { error, abort: true })
    .transform((text) => Number.parseFloat(text) * (prefixes[/[kMG]/.exec(text)?.[0] ?? ''] ?? 1))
    .meta({ description });
}

export const nodeField = (description: string) =>
  z.string({ error: 'must be the name of a node or a group' }).min(1).meta({ description });

const prefixes: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9 };

const within = (value: number | undefined, low: number, high: number): boolean =>
  value !== undefined && value >= low && value <= high;
