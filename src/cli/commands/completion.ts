import type { Command } from 'commander';
import { exitCodes } from '../../base/errors.ts';
import { labNames, labPaths, readPlan } from '../../lab/index.ts';
import type { PlannedNode } from '../../topology/index.ts';
import type { Context } from '../context.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** The scripts only ask `tierlab __complete`: what can be completed is known in one place, the command tree. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `# tierlab completion for bash: source <(tierlab completion bash)
_tierlab() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(tierlab __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _tierlab tierlab
`,
  zsh: `#compdef tierlab
# tierlab completion for zsh: source <(tierlab completion zsh)
_tierlab() {
  local -a candidates
  candidates=("\${(@f)$(tierlab __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${candidates[1]}" ]]; then compadd -- "\${candidates[@]}"; else _files; fi
}
compdef _tierlab tierlab
`,
  fish: `# tierlab completion for fish: tierlab completion fish | source
function __tierlab_complete
  set -l words (commandline -opc) (commandline -ct)
  tierlab __complete -- $words[2..-1] 2>/dev/null
  or __fish_complete_path (commandline -ct)
end
complete -c tierlab -f -a '(__tierlab_complete)'
`,
};

export async function completion({ print, printJson }: Context, shell: Shell): Promise<number> {
  print(scripts[shell]);
  printJson({ shell, script: scripts[shell] });
  return exitCodes.pass;
}

/**
 * Prints the candidates for the last word, one a line; none (and exit code 1) where files are meant.
 * @param words what stands behind \`tierlab\`, the last one unfinished
 */
export async function complete(
  _context: Context,
  program: Command,
  words: readonly string[],
): Promise<number> {
  const all = words[0] === '--' ? words.slice(1) : words;
  const unfinished = all.at(-1) ?? '';
  const candidates = (await candidatesFor(program, all.slice(0, -1), unfinished)).filter((word) =>
    word.startsWith(unfinished),
  );
  if (candidates.length === 0) return exitCodes.fail;
  process.stdout.write(`${candidates.join('\n')}\n`);
  return exitCodes.pass;
}

async function candidatesFor(
  program: Command,
  before: readonly string[],
  unfinished: string,
): Promise<string[]> {
  const [name, action] = before.filter((word) => !word.startsWith('-'));
  const group = commandNamed(program, name);
  const command = group === undefined ? undefined : (commandNamed(group, action) ?? group);
  const isBelow = command !== group;
  const visible = program.createHelp().visibleCommands(program);
  const options = [...(command?.options ?? []), ...program.options];
  const previous = options.find(
    ({ long, short }) => before.at(-1) === long || (short !== undefined && before.at(-1) === short),
  );
  if (previous?.argChoices !== undefined) return [...previous.argChoices];
  if (previous?.long === '--lab') return labNames();
  if (unfinished.startsWith('-')) return options.flatMap(({ long }) => long ?? []);
  if (command === undefined)
    return visible.flatMap((candidate) => [candidate.name(), ...candidate.aliases()]);
  if (command === group && command.commands.length > 0)
    return command.commands.map((candidate) => candidate.name());
  const position = before.filter((word) => !word.startsWith('-')).length - (isBelow ? 2 : 1);
  const argument = command.registeredArguments[Math.min(position, command.registeredArguments.length - 1)];
  if (argument?.argChoices !== undefined) return [...argument.argChoices];
  if (argument?.name() === 'node') return nodeNames();
  if (argument?.name() === 'tier') return tierNames();
  if (argument?.name() === 'step') return stepNames();
  if (argument?.name() === 'fault') return Object.keys((await import('../../faults/index.ts')).faultTable);
  return argument?.name() === 'lab' && command.name() === 'down' ? labNames() : [];
}

const commandNamed = (parent: Command, name: string | undefined): Command | undefined =>
  parent.commands.find(
    (candidate) => candidate.name() === name || (name !== undefined && candidate.aliases().includes(name)),
  );

const nodeNames = async (): Promise<string[]> => [...new Set((await plannedNodes()).map(({ name }) => name))];

const tierNames = async (): Promise<string[]> => [
  ...new Set((await plannedNodes()).map(({ group }) => group)),
];

/** What a rolling action may do to a node. */
async function stepNames(): Promise<string[]> {
  const { faultTable } = await import('../../faults/index.ts');
  const ofNodes = Object.values(faultTable).filter(({ target }) => target === 'node');
  return ['drain', 'undrain', ...ofNodes.map(({ name }) => name)];
}

/** Of all labs that are up. */
async function plannedNodes(): Promise<readonly PlannedNode[]> {
  const plans = await Promise.all(
    (await labNames()).map((name) => readPlan(labPaths(name)).catch(() => undefined)),
  );
  return plans.flatMap((plan) => plan?.nodes ?? []);
}
