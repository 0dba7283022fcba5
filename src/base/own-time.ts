/**
 * Calls once, when so much time has passed for this process. While it is stopped (Ctrl-Z, SIGSTOP) it has not waited: what it waits for may have
 * come meanwhile, and is heard only when it goes on.
 * @returns how to call it off
 */
export function afterOwnTime(ms: number, act: () => void): () => void {
  // What an interval has missed it does not make up for.
  const tickMs = Math.min(1000, ms / 4);
  let left = ms;
  const timer = setInterval(() => {
    left -= tickMs;
    if (left > 0) return;
    clearInterval(timer);
    act();
  }, tickMs);
  return () => clearInterval(timer);
}
