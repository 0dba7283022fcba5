/** Flags that several commands have, and how their values are read. */
import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../base/units.ts';

/** Every flag can also be set as TIERLAB_<NAME>. */
export function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(`TIERLAB_${option.name().replace(/^no-/, 'no_').replaceAll('-', '_').toUpperCase()}`);
}

export const labName = (description = 'name of the lab (default: the only one)'): Option =>
  flag('-l, --lab <name>', description);

export const hostOption = (): Option =>
  flag('--host <host>', 'where the lab lives').choices(['auto', 'native', 'uml']).default('auto');

export const memoryOption = (): Option =>
  flag('--memory <MiB>', 'memory of a guest (only what is used is taken)').argParser(wholeNumber);

export const withinOption = (): Option =>
  flag('--within <duration>', 'the deadline for all steps together')
    .argParser(milliseconds)
    .default(20_000, '20s');

export function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 500ms or 10s.');
  return ms;
}

const reporters = ['terminal', 'json', 'junit', 'markdown', 'html'];

/** May be given several times, or with several names at once. All but `terminal` write into the run's folder. */
export function reporterOption(byDefault = 'terminal'): Option {
  const option = flag('--reporter <name>', `form of the report, may be repeated (default: ${byDefault})`);
  return option.choices(reporters).argParser((text: string, before: readonly string[] = []) => {
    const names = text.split(',').map((name) => name.trim());
    const wrong = names.find((name) => !reporters.includes(name));
    if (wrong === undefined) return [...before, ...names];
    throw new InvalidArgumentError(`"${wrong}" is none of ${reporters.join(', ')}.`);
  });
}

export function signedNumber(text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number such as +1 or -1.');
  return Number(text);
}

/** How many nodes a tier has. */
export const sizeOf =
  (least: number) =>
  (text: string): number => {
    const size = wholeNumber(text);
    if (size < least || size > 1000)
      throw new InvalidArgumentError(`It must be a whole number from ${least} to 1000.`);
    return size;
  };

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** As in a scenario: 32 bits. */
export function seedNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0 to 4294967295.');
}

export function atLeastOne(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, at least 1.');
  return Number(text);
}

export const countOrAll = (text: string): number | 'all' => (text === 'all' ? text : atLeastOne(text));

export const countOrAuto = (text: string): number | 'auto' => (text === 'auto' ? text : atLeastOne(text));
