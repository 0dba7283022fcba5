/** A scenario that gave no verdict: its lab did not come up, or went away. Plain data that survives JSON. */
export interface Failure {
  readonly name: string;
  /** Of the scenario. */
  readonly file: string;
  /** Where logs are, as far as there are any. */
  readonly runDir: string;
  /** Stable: `node-not-ready`, `guest-died`, … */
  readonly code: string;
  /** What it alone would have ended the command with: 3 or 4. */
  readonly exitCode: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly message: string;
  /** Evidence, one line each. */
  readonly details: readonly string[];
  readonly hint?: string;
}
