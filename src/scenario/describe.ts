import type { RollingStep, TimelineEntry } from './types.ts';

/** An entry of a timeline in a few words: `node.crash l4-1`, `heal crash`, `rolling l7: drain, node.restart, undrain`. */
export function describeEntry(entry: TimelineEntry): string {
  switch (entry.action) {
    case 'inject':
      return `${entry.fault} ${entry.target}`;
    case 'scale':
      return `scale ${entry.tier} by ${entry.by > 0 ? '+' : ''}${entry.by}`;
    case 'drain':
      return `drain ${entry.target}`;
    case 'rolling':
      return `rolling ${entry.target}: ${entry.steps.map(nameOfStep).join(', ')}`;
    default:
      return `${entry.action} ${entry.of}`;
  }
}

/** `drain`, `undrain`, or the name of the fault. */
const nameOfStep = (step: RollingStep): string => (step.action === 'inject' ? step.fault : step.action);
