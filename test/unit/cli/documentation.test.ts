/** docs/cli.md and docs/metrics.md are written from the program itself: UPDATE_GOLDEN=1 npm run test:unit. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { measuredKinds } from '../../../src/cli/commands/metrics.ts';
import { buildProgram } from '../../../src/cli/program.ts';
import { describeMetrics } from '../../../src/verdict/index.ts';

const docs = join(import.meta.dirname, '../../../docs');

test('docs/cli.md says what --help says of every command', async () => {
  const program = buildProgram('', () => undefined);
  const commands = visibleCommands(program);
  const text = [
    '# Command line',
    '',
    '<!-- Written by a test from the command tree: UPDATE_GOLDEN=1 npm run test:unit -->',
    '',
    ...section('tierlab', program),
    ...commands
      .flatMap((command) => [command, ...visibleCommands(command)])
      .flatMap((command) => section(nameOf(command), command)),
    ...environment(
      commands.flatMap((command) => [command, ...visibleCommands(command)]),
      program,
    ),
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(docs, 'cli.md'));
});

test('docs/metrics.md lists every metric', async () => {
  const text = [
    '# Metrics',
    '',
    '<!-- Written by a test from the list that the judge uses: UPDATE_GOLDEN=1 npm run test:unit -->',
    '',
    'An expectation of a scenario compares a metric: `held.broken == 0`, `held.blackout.max < 2.5s`. The first part is the',
    'name of a traffic in that scenario, the rest one of these. Durations are written with their unit (`650ms`, `2.5s`), ratios as a',
    'percentage (`0.1%`), rates as `50/s`.',
    '',
    'Where the column *windows* says yes, a stretch of time may follow: `held.moved in crash..+5s` counts from the fault',
    'named `crash` to five seconds later.',
    '',
    '`held.broken ~ oracle` and `held.moved ~ oracle` compare sets, flow by flow: before the timeline begins the routers are asked where they',
    'send each flow, and where they would with other next hops if the timeline gives them some; the plan says the rest.',
    '`~ oracle ± 2%` lets as many flows disagree as 2 % of the foretold ones (`± 3`: three flows).',
    'Where the oracle cannot say what becomes of a flow the expectation is *unknown*. The metrics `predicted.…` and `disagreeing.…` are there',
    'if an expectation asks for one of these.',
    '',
    describeMetrics(measuredKinds()),
  ].join('\n');
  await expect(text).toMatchFileSnapshot(join(docs, 'metrics.md'));
});

const visibleCommands = (command: Command): Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');

const nameOf = (command: Command): string =>
  command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;

function section(title: string, command: Command): string[] {
  command.configureOutput({ getOutHelpWidth: () => 100, getOutHasColors: () => false });
  const help: string[] = [];
  command.configureOutput({ writeOut: (text) => help.push(text) });
  command.outputHelp();
  return [`## ${title}`, '', '```text', help.join('').trim(), '```', ''];
}

/** Every variable that mirrors a flag. */
function environment(commands: readonly Command[], program: Command): string[] {
  const options = [program, ...commands].flatMap((command) => command.options);
  const flags = new Map(
    options.flatMap(({ envVar, flags: name }) => (envVar === undefined ? [] : [[envVar, name]])),
  );
  return [
    '## Environment',
    '',
    '| variable | stands for |',
    '|---|---|',
    ...[...flags].sort().map(([variable, name]) => `| \`${variable}\` | \`${name}\` |`),
    '| `TIERLAB_HOME` | folder that holds the labs (default: `tierlab` below `XDG_STATE_HOME` or `~/.local/state`) |',
    '| `NO_COLOR` | no colours |',
    '| `FORCE_COLOR` | colours also into a pipe |',
    '',
  ];
}
