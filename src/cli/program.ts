/** argv → command → exit code. Each command is loaded when it is called: start-up counts. */
import { Argument, Command, CommanderError, Option } from 'commander';
import { exitCodes } from '../base/errors.ts';
import { type Context, createContext, type GlobalOptions } from './context.ts';
import type { Interrupt } from './interrupt.ts';
import {
  atLeastOne,
  countOrAll,
  countOrAuto,
  flag,
  hostOption,
  labName,
  memoryOption,
  milliseconds,
  reporterOption,
  seedNumber,
  signedNumber,
  sizeOf,
  wholeNumber,
  withinOption,
} from './options.ts';

type Run = (context: Context) => Promise<number>;

/** @returns the exit code */
export async function runCli(
  argv: readonly string[],
  version: string,
  interrupt: Interrupt,
): Promise<number> {
  const chosen: { run?: Run } = {};
  const program = buildProgram(version, (run) => {
    chosen.run = run;
  });
  let context = createContext(version, {}, interrupt.signal);
  try {
    await program.parseAsync([...argv]);
    context = createContext(version, program.opts<GlobalOptions>(), interrupt.signal);
    interrupt.signal.throwIfAborted();
    const exitCode = (await chosen.run?.(context)) ?? exitCodes.pass;
    const uncaught = interrupt.uncaught();
    if (uncaught !== undefined) throw uncaught.error;
    return exitCode;
  } catch (error) {
    // Commander has printed its own message; asking for help or version is no error.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.pass;
      const message =
        error.code === 'commander.help' ? 'which command?' : error.message.replace(/^error: /, '');
      const { printJson } = createContext(version, program.opts<GlobalOptions>(), interrupt.signal);
      const diagnostics = [{ file: 'command line:', message }];
      printJson({ error: { code: 'bad-input', message: '1 problem', diagnostics } });
      return exitCodes.badInput;
    }
    const { reportFailure } = await import('./failure.ts');
    const uncaught = interrupt.uncaught();
    if (uncaught !== undefined) return reportFailure(uncaught.error, context, false);
    return reportFailure(error, context, interrupt.signal.aborted);
  } finally {
    interrupt.forget();
  }
}

/** The command line as data; completion walks the same tree. */
export function buildProgram(version: string, choose: (run: Run) => void): Command {
  const program = new Command('tierlab')
    .description(
      'Build a multi-tier load balancer out of real parts, break it, and see which connections survived.',
    )
    .version(version, '-V, --version')
    .addOption(
      flag('--format <format>', 'how results are printed on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addOption(flag('-q, --quiet', 'no progress on stderr, only warnings and errors'))
    .addOption(new Option('--no-color', 'no colours (NO_COLOR is honoured as well)'))
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(see `tierlab --help`)')
    .showSuggestionAfterError()
    .exitOverride();
  program.addHelpText('after', helpText);

  command(program, 'doctor', 'show where labs can run on this machine, or exactly why not').action(() =>
    choose(async (context) => (await import('./commands/doctor.ts')).doctor(context)),
  );

  command(program, 'setup', 'install the Debian packages that labs need')
    .addOption(flag('--dry-run', 'only print the command'))
    .action((options) =>
      choose(async (context) => (await import('./commands/setup.ts')).setup(context, options)),
    );

  command(program, 'new', 'write a topology with tiers of these sizes')
    .argument('<name>')
    .addOption(flag('--routers <number>', 'routers').argParser(sizeOf(1)).default(2))
    .addOption(
      flag('--l4 <number>', 'L4 nodes; 0: the L7 nodes announce the VIP').argParser(sizeOf(0)).default(2),
    )
    .addOption(flag('--l7 <number>', 'L7 nodes').argParser(sizeOf(1)).default(3))
    .addOption(flag('--web <number>', 'backends').argParser(sizeOf(1)).default(3))
    .addOption(flag('--family <family>', 'of addresses').choices(['ipv4', 'ipv6', 'both']).default('ipv4'))
    .addOption(new Option('-o, --output <file>', 'new file (default: print it)'))
    .action((name, options) =>
      choose(async (context) => (await import('./commands/new.ts')).newTopology(context, name, options)),
    );

  command(program, 'validate', 'check topologies and scenarios, creating nothing')
    .argument('<file...>', 'topologies, scenarios, or folders: every topology and scenario below')
    .action((files) =>
      choose(async (context) => (await import('./commands/validate.ts')).validate(context, files)),
    );

  command(program, 'plan', 'show what a topology becomes: names, addresses, sessions, routes')
    .argument('<topology>')
    .action((file) => choose(async (context) => (await import('./commands/plan.ts')).plan(context, file)));

  command(program, 'predict', 'foretell which flows a scenario breaks, before anything runs')
    .argument('<lab>', 'lab folder or scenario file')
    .addOption(flag('--seed <number>', 'instead of the seed in the scenario').argParser(seedNumber))
    .action((lab, options) =>
      choose(async (context) => (await import('./commands/predict.ts')).predict(context, lab, options)),
    );

  command(program, 'render', 'write every generated file of a topology into a folder')
    .argument('<topology>')
    .requiredOption('-o, --output <folder>', 'new or empty folder')
    .action((file, options) =>
      choose(async (context) => (await import('./commands/render.ts')).render(context, file, options)),
    );

  command(program, 'up', 'bring a lab up', 'deploy')
    .argument('<topology>')
    .addOption(labName('name of the lab (default: the name in the topology)'))
    .addOption(hostOption())
    .addOption(memoryOption())
    .addOption(flag('--keep-failed', 'leave a lab that did not come up for a look'))
    .addOption(
      flag(
        '--plumbing-only',
        'no daemons: namespaces, cables, addresses, routes; what the kernel lacks is left out, and told',
      ),
    )
    .action((file, options) =>
      choose(async (context) => (await import('./commands/up.ts')).up(context, file, options)),
    );

  command(program, 'apply', 'change a lab that is up to what an edited topology says, and nothing else')
    .argument('<topology>')
    .addOption(labName('name of the lab (default: the name in the topology)'))
    .addOption(flag('--dry-run', 'only show what would be added, removed and changed'))
    .addOption(withinOption())
    .action((file, options) =>
      choose(async (context) => (await import('./commands/apply.ts')).apply(context, file, options)),
    );

  command(program, 'down', 'remove a lab and all that belongs to it', 'destroy')
    .argument('[lab...]', 'names of labs, or topology files (default: the only one)')
    .addOption(flag('-a, --all', 'all labs of this user'))
    .action((labs, options) =>
      choose(async (context) => (await import('./commands/down.ts')).down(context, labs, options)),
    );

  command(program, 'ps', 'show the nodes of a lab, their daemons and how they are', 'inspect')
    .addOption(labName())
    .action((options) => choose(async (context) => (await import('./commands/ps.ts')).ps(context, options)));

  command(program, 'exec', 'run a command in a node')
    .usage('[options] <node> -- <command...>')
    .argument('<node>')
    .argument('<command...>')
    .addOption(labName())
    .action((node, argv, options, exec: Command) => {
      // Without it, flags of the command would be taken for ours.
      if (!process.argv.includes('--'))
        exec.error('error: put -- before the command: tierlab exec NODE -- COMMAND');
      choose(async (context) => (await import('./commands/exec.ts')).exec(context, node, argv, options));
    });

  command(program, 'shell', 'open a shell in a node')
    .argument('<node>')
    .addOption(labName())
    .action((node, options) =>
      choose(async (context) => (await import('./commands/shell.ts')).shell(context, node, options)),
    );

  command(program, 'logs', 'show the logs of a node')
    .argument('<node>')
    .addOption(labName())
    .addOption(flag('-f, --follow', 'go on as the log grows'))
    .addOption(flag('-d, --daemon <name>', 'only this daemon'))
    .addOption(flag('-n, --lines <count>', 'only the last lines').argParser(wholeNumber))
    .action((node, options) =>
      choose(async (context) => (await import('./commands/logs.ts')).logs(context, node, options)),
    );

  const fault = command(program, 'fault', 'break something in a running lab, and mend it');
  command(fault, 'add', 'inject a fault: it stays until it is healed')
    .argument('<fault>', 'such as node.crash, node.freeze, link.down')
    .argument('<target>', 'node, group, or node:network for a cable')
    .argument('[key=value...]', "the fault's own settings, as in a scenario")
    .addOption(labName())
    .addOption(flag('--name <name>', 'to heal it by (default: fault and target)'))
    .action((name, target, settings, options) =>
      choose(async (context) =>
        (await import('./commands/fault.ts')).addFault(context, name, target, settings, options),
      ),
    );
  command(fault, 'list', 'show what is broken by hand', 'ls')
    .addOption(labName())
    .action((options) =>
      choose(async (context) => (await import('./commands/fault.ts')).listFaults(context, options)),
    );
  command(fault, 'heal', 'undo a fault or a drain')
    .argument('[name]', 'as `tierlab fault list` shows it')
    .addOption(labName())
    .addOption(flag('-a, --all', 'everything, the last one first'))
    .action((name, options) =>
      choose(async (context) => (await import('./commands/fault.ts')).healFault(context, name, options)),
    );

  command(program, 'drain', 'take a node out of service so that nobody notices, each step verified')
    .argument('<node>', 'node, or group: all its nodes at once')
    .addOption(labName())
    .addOption(withinOption())
    .action((node, options) =>
      choose(async (context) => (await import('./commands/drain.ts')).drain(context, node, options)),
    );

  command(program, 'undrain', 'put a drained node back into service')
    .argument('<node>', 'node or group, as it was drained')
    .addOption(labName())
    .addOption(withinOption())
    .action((node, options) =>
      choose(async (context) => (await import('./commands/drain.ts')).undrain(context, node, options)),
    );

  command(program, 'rolling', 'do the same to every node of a tier, one after another, each step verified')
    .argument('<tier>', 'group whose nodes have their turns')
    .argument('<step...>', "drain, undrain, or a fault; a fault's key=value settings stand behind it")
    .addOption(labName())
    .addOption(flag('--pause <duration>', 'between two turns').argParser(milliseconds).default(0, '0s'))
    .addOption(
      flag('--max-unavailable <count>', 'so many nodes have their turn at the same time')
        .argParser(wholeNumber)
        .default(1),
    )
    .addOption(
      flag('--within <duration>', 'the deadline of each step').argParser(milliseconds).default(20_000, '20s'),
    )
    .action((tier, steps, options) =>
      choose(async (context) =>
        (await import('./commands/rolling.ts')).rolling(context, tier, steps, options),
      ),
    );

  command(program, 'scale', 'add nodes to a tier, or take the last ones away, each drained first')
    .argument('<tier>', 'group of nodes, such as l7')
    .argument('<by>', 'how many more (+1) or fewer (-1)', signedNumber)
    .addOption(labName())
    .addOption(withinOption())
    .action((tier, by, options) =>
      choose(async (context) => (await import('./commands/scale.ts')).scale(context, tier, by, options)),
    );

  command(program, 'graph', 'draw a topology, or a lab that is up: tiers, networks, addresses')
    .argument('[topology]', 'default: the lab')
    .addOption(labName())
    .addOption(
      flag('--as <format>', 'what to draw it as').choices(['mermaid', 'dot', 'd2', 'svg']).default('mermaid'),
    )
    .action((file, options) =>
      choose(async (context) => (await import('./commands/graph.ts')).graph(context, file, options)),
    );

  command(program, 'capture', 'write packets of a node as pcapng: made for `| wireshark -k -i -`')
    .argument('<node>', 'node or switch; node:interface for one of its interfaces (networks are their names)')
    .addOption(labName())
    .addOption(flag('-f, --filter <expression>', 'only these packets (pcap-filter(7))'))
    .addOption(flag('-o, --output <file>', 'instead of stdout'))
    .addOption(flag('-c, --count <packets>', 'end after so many').argParser(atLeastOne))
    .addOption(flag('--seconds <seconds>', 'end after so long').argParser(atLeastOne))
    .action((node, options) =>
      choose(async (context) => (await import('./commands/capture.ts')).capture(context, node, options)),
    );

  const traffic = command(program, 'traffic', 'traffic on a running lab, in the background');
  command(traffic, 'start', 'hold connections, send requests, or both, until it is stopped')
    .addOption(labName())
    .addOption(flag('--connections <count>', 'held connections').argParser(atLeastOne))
    .addOption(
      flag('--rate <requests>', 'requests a second, each on a connection of its own').argParser(atLeastOne),
    )
    .addOption(
      flag('--heartbeat <duration>', 'between two heartbeats of a connection')
        .argParser(milliseconds)
        .default(1000, '1s'),
    )
    .addOption(
      flag('--timeout <duration>', 'without an answer for longer it is broken')
        .argParser(milliseconds)
        .default(5000, '5s'),
    )
    .addOption(flag('--from <group>', 'client group (default: the first)'))
    .addOption(flag('--to <service>', 'service (default: the first)'))
    .addOption(
      flag('--family <family>', "which of the service's VIPs (default: the first)").choices(['ipv4', 'ipv6']),
    )
    .addOption(flag('--seed <number>', 'addresses and ports follow from it').argParser(seedNumber).default(1))
    .action((options) =>
      choose(async (context) => (await import('./commands/traffic.ts')).startTraffic(context, options)),
    );
  command(traffic, 'status', 'how it fares')
    .addOption(labName())
    .action((options) =>
      choose(async (context) => (await import('./commands/traffic.ts')).trafficStatus(context, options)),
    );
  command(traffic, 'stop', 'end it, and show how it fared')
    .addOption(labName())
    .action((options) =>
      choose(async (context) => (await import('./commands/traffic.ts')).stopTraffic(context, options)),
    );

  command(program, 'watch', 'watch a lab live: nodes, next hops, flows, errors, events (q ends)')
    .addOption(labName())
    .action((options) =>
      choose(async (context) => (await import('./commands/watch.ts')).watch(context, options)),
    );

  command(program, 'test', 'run scenarios and say which connections survived')
    .argument(
      '<lab...>',
      'lab folders (the scenario.yaml in each), scenario files, or folders of labs: every scenario below',
    )
    .addOption(hostOption())
    .addOption(memoryOption())
    .addOption(
      flag(
        '-j, --jobs <count>',
        'labs at once, each on a CPU of its own; auto: one for every processor, if there is 1 GiB for each; one processor has none with traffic',
      )
        .argParser(countOrAuto)
        .default('auto'),
    )
    .addOption(
      flag('--repeat <count>', 'run each scenario so often, with the same seed, and show the spread')
        .argParser(atLeastOne)
        .default(1),
    )
    .addOption(
      flag(
        '--shard <i/n>',
        'run only the i-th of n shares; auto or auto/n: i as the CI job or Kubernetes says',
      ),
    )
    .addOption(flag('--keep', 'leave the lab up afterwards'))
    .addOption(flag('--pcap', 'keep the packets of connections that break or stall, a capture file each'))
    .addOption(
      flag('--pcap-flows <count>', 'with --pcap: of so many of each traffic, the first; or of all')
        .argParser(countOrAll)
        .default(20),
    )
    .addOption(flag('--seed <number>', 'instead of the seed in the scenario').argParser(seedNumber))
    .addOption(flag('--no-control', 'skip the control run (the verdict says so)'))
    .addOption(flag('--runs <folder>', 'where runs are saved').default('.tierlab/runs'))
    .addOption(reporterOption())
    .addOption(flag('--junit <file>', 'also write the results of all scenarios as one JUnit XML'))
    .action((labs, options) =>
      choose(async (context) => (await import('./commands/test.ts')).test(context, labs, options)),
    );

  command(program, 'judge', 'judge a saved run again')
    .argument('<run>', 'folder of a run')
    .addOption(reporterOption())
    .action((run, options) =>
      choose(async (context) => (await import('./commands/judge.ts')).judge(context, run, options)),
    );

  command(program, 'report', 'write the reports of a saved run again')
    .argument('<run>', 'folder of a run')
    .addOption(reporterOption('html'))
    .action((run, options) =>
      choose(async (context) => (await import('./commands/report.ts')).report(context, run, options)),
    );

  command(program, 'merge', 'make one report of the runs of several jobs')
    .argument('<folder...>', 'folders of runs, or any that contain them')
    .addOption(reporterOption())
    .addOption(flag('-o, --output <folder>', 'where the reports are written').default('.tierlab/merged'))
    .action((folders, options) =>
      choose(async (context) => (await import('./commands/merge.ts')).merge(context, folders, options)),
    );

  command(program, 'schema', 'print the JSON Schema of topology or scenario files, for editors')
    .addArgument(new Argument('<what>').choices(['topology', 'scenario']))
    .action((what) =>
      choose(async (context) => (await import('./commands/schema.ts')).schema(context, what)),
    );

  command(program, 'metrics', 'list the metrics that expectations can use').action(() =>
    choose(async (context) => (await import('./commands/metrics.ts')).metrics(context)),
  );

  command(program, 'completion', 'print the completion script of a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell) =>
      choose(async (context) => (await import('./commands/completion.ts')).completion(context, shell)),
    );

  program
    .command('__traffic', { hidden: true })
    .argument('<lab>')
    .action((lab) =>
      choose(async (context) => (await import('./traffic-keeper.ts')).keepTraffic(context, lab)),
    );

  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action((words) =>
      choose(async (context) => (await import('./commands/completion.ts')).complete(context, program, words)),
    );

  return program;
}

function command(program: Command, name: string, description: string, alias?: string): Command {
  const path = program.parent === null ? [program.name()] : [program.parent.name(), program.name()];
  const made = program
    .command(name)
    .description(description)
    .showHelpAfterError(`(see \`${[...path, name].join(' ')} --help\`)`)
    .exitOverride();
  return alias === undefined ? made : made.alias(alias);
}

const helpText = `
Examples:
  tierlab doctor                              where can labs run here?
  tierlab up topologies/three-tier.yaml       bring the chain up
  tierlab shell l4-1                          look around in a balancer
  tierlab test labs/01-l4-crash               break it, and see what survived
  tierlab down                                leave nothing behind

Exit codes: 0 pass · 1 an expectation failed · 2 bad input or usage · 3 the environment lacks something ·
            4 the lab failed · 5 unknown verdict · 130 interrupted`;
