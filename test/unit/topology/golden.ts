import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/** Holds a text against the file on record. UPDATE_GOLDEN=1 writes the file anew, to be read before it is committed. */
export function expectGolden(file: string, text: string): void {
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  expect(text, 'if this change is meant, run the tests once with UPDATE_GOLDEN=1').toBe(
    readFileSync(file, 'utf8'),
  );
}
