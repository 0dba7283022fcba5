/**
 * Undo beside do: register how to undo a step on the line after the step.
 * The undos run last in, first out; one that fails does not keep the others from running.
 */
export class Defer {
  readonly #undos: { what: string; undo: () => Promise<void> | void }[] = [];

  add(what: string, undo: () => Promise<void> | void): void {
    this.#undos.push({ what, undo });
  }

  /** Runs every undo. @returns what could not be undone, with its error. */
  async run(): Promise<{ what: string; error: unknown }[]> {
    const failures: { what: string; error: unknown }[] = [];
    for (let next = this.#undos.pop(); next !== undefined; next = this.#undos.pop()) {
      try {
        await next.undo();
      } catch (error) {
        failures.push({ what: next.what, error });
      }
    }
    return failures;
  }
}
