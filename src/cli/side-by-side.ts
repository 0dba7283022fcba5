/** Progress of several labs at once, such that one can still read it. */
import type { Report } from '../base/progress.ts';
import type { Context } from './context.ts';

/**
 * On a terminal each lab has one line, with what it does and for how long; warnings stay above. Elsewhere every message is a
 * whole line that begins with the lab's name.
 */
export function sideBySide({ report, status }: Pick<Context, 'report' | 'status'>): Report {
  const named: Report = (progress) =>
    report({
      ...progress,
      message: progress.lab === undefined ? progress.message : `${progress.lab}: ${progress.message}`,
    });
  if (status === undefined) return named;

  const doing = new Map<string, { readonly since: number; readonly message: string }>();
  // The seconds go on while nothing is said.
  let clock: NodeJS.Timeout | undefined;
  const show = (): void => {
    const widest = Math.max(0, ...[...doing.keys()].map((lab) => lab.length));
    status(
      [...doing].map(([lab, { since, message }]) => {
        const seconds = Math.floor((performance.now() - since) / 1000);
        return `${lab.padEnd(widest)}  ${`${seconds}s`.padStart(5)}  ${message}`;
      }),
    );
  };
  return (progress) => {
    const { lab, type, message } = progress;
    if (lab === undefined || type === 'warning') named(progress);
    else if (type === 'end') doing.delete(lab);
    else doing.set(lab, { since: doing.get(lab)?.since ?? performance.now(), message });
    show();
    if (doing.size === 0) {
      clearInterval(clock);
      clock = undefined;
    } else clock ??= setInterval(show, 1000).unref();
  };
}
