import { suggest } from '../base/suggest.ts';
import type { Wording } from '../topology/index.ts';

/** Better words than the general ones for a scenario file. */
export const scenarioWording: Wording = {
  unknownChoice(path, value, choices) {
    const what = path.at(-1) === 'fault' ? 'fault' : path.at(-1) === 'type' ? 'type of traffic' : undefined;
    if (what === undefined || typeof value !== 'string') return undefined;
    return {
      message: `unknown ${what} "${value}"`,
      hint: suggest(value, choices, `known ${what === 'fault' ? 'faults' : 'types'}`),
    };
  },
};
