import { suggest } from '../base/suggest.ts';
import type { Wording } from '../topology/index.ts';

/** Better words than the general ones for an entry of a timeline. */
export const timelineWording: Wording = {
  unknownChoice(path, value, choices) {
    const [what, known] = choiceNames[String(path.at(-1))] ?? [];
    if (what === undefined || typeof value !== 'string') return undefined;
    return { message: `unknown ${what} "${value}"`, hint: suggest(value, choices, `known ${known}`) };
  },
};

/** Better words than the general ones for a scenario file. */
export const scenarioWording: Wording = {
  instead([section, item, ...rest], value) {
    if (section === undefined) {
      const isTopology = has(value, 'nodes') && has(value, 'networks') && !has(value, 'timeline');
      return isTopology
        ? {
            message: 'this is a topology, not a scenario',
            hint: 'a scenario names its topology and has traffic, a timeline and expectations',
          }
        : undefined;
    }
    if (section !== 'timeline' || typeof item !== 'number' || rest.length > 0) return undefined;
    if (value === null || typeof value !== 'object' || has(value, 'fault') || has(value, 'action'))
      return undefined;
    return {
      message: `item ${item + 1} of timeline is neither a fault nor an action`,
      hint: 'write {at: 2s, fault: node.crash, target: l4-1} or {at: 10s, action: heal, of: crash}',
    };
  },
  ...timelineWording,
};

const choiceNames: Readonly<Record<string, readonly [string, string]>> = {
  fault: ['fault', 'faults'],
  type: ['type of traffic', 'types'],
  action: ['action', 'actions'],
};

const has = (value: unknown, key: string): boolean =>
  value !== null && typeof value === 'object' && Object.hasOwn(value, key);
