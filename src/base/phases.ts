/** Where the time of a command goes, and how much memory it takes. */

export interface Phase {
  readonly name: string;
  readonly ms: number;
  /** Of this process at the end of the phase, in MB of 1,000,000 bytes. */
  readonly residentMb: number;
}

export class Phases {
  readonly all: Phase[] = [];
  /** The first phase begins with the process. */
  #since = 0;

  /** What happened since the last phase ended was this one. */
  end(name: string): void {
    const now = performance.now();
    const residentMb = Math.round(process.memoryUsage.rss() / 1e5) / 10;
    this.all.push({ name, ms: Math.round((now - this.#since) * 10) / 10, residentMb });
    this.#since = now;
  }

  /** For a JSON document. `peakMb`: the most memory that this process ever had. */
  summary(): { readonly ms: number; readonly peakMb: number; readonly phases: readonly Phase[] } {
    // getrusage(2): ru_maxrss is in units of 1,024 bytes.
    const peakMb = Math.round((process.resourceUsage().maxRSS * 1024) / 1e5) / 10;
    return { ms: Math.round(this.#since * 10) / 10, peakMb, phases: this.all };
  }
}
