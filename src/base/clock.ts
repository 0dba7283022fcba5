/** Milliseconds since the epoch, with fractions; never goes back. */
export const now = (): number => performance.timeOrigin + performance.now();
