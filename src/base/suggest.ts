import { closest, distance } from 'fastest-levenshtein';

/** "did you mean …", or what is known, for a name that does not exist. */
export function suggest(wrong: string, known: readonly string[], what = 'known'): string {
  const best = known.length === 0 ? undefined : closest(wrong, [...known]);
  const near = best !== undefined && distance(wrong, best) <= Math.max(2, Math.floor(wrong.length / 3));
  const list = known.length === 0 ? `${what}: none` : `${what}: ${[...known].sort().join(', ')}`;
  return near ? `did you mean "${best}"? (${list})` : list;
}
