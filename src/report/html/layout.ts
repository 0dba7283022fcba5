/** Where the nodes of the tiers stand, the clients on top: tall and narrow, so that it fits a phone. */

export interface Place {
  /** Middle of the node. */
  readonly x: number;
  /** Its upper edge. */
  readonly y: number;
  readonly width: number;
}

export const boxHeight = 34;
const minimumWidth = 300;
const gap = 10;
const tierHeight = 84;
const characterWidth = 7;

/** @returns places by node's name, and the size of the whole */
export function layout(tiers: readonly (readonly string[])[]): {
  places: Map<string, Place>;
  width: number;
  height: number;
} {
  const boxes = tiers.map((tier) => {
    const longest = Math.max(0, ...tier.map((name) => name.length));
    return Math.max(54, longest * characterWidth + 12);
  });
  const width = Math.max(minimumWidth, ...tiers.map((tier, i) => tier.length * ((boxes[i] ?? 0) + gap)));
  const places = new Map<string, Place>();
  for (const [row, tier] of tiers.entries()) {
    const slot = width / Math.max(1, tier.length);
    for (const [i, name] of tier.entries())
      places.set(name, { x: slot * (i + 0.5), y: row * tierHeight + 2, width: boxes[row] ?? 54 });
  }
  return { places, width, height: Math.max(0, tiers.length - 1) * tierHeight + boxHeight + 4 };
}
