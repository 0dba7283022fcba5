import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { entry, scratch, tierlab } from './run-cli.ts';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
  version: string;
};

test.each([[['--version']], [['-V']], [['--quiet', '--version']]])(
  '%j says the version and nothing else',
  (args) => {
    expect(tierlab(args)).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  },
);

test('without a command it explains itself on stderr and is a usage error', () => {
  const { exitCode, stdout, stderr } = tierlab([]);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^Usage: tierlab/);
});

test('an unknown command is a usage error with a suggestion', () => {
  const { exitCode, stdout, stderr } = tierlab(['plann', 'topologies/three-tier.yaml']);
  expect(exitCode).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/unknown command 'plann'[\s\S]*Did you mean plan\?/);
});

test.each([
  [['plan'], 'tierlab plan --help'],
  [['fault', 'add', 'node.crash'], 'tierlab fault add --help'],
  [['nosuch'], 'tierlab --help'],
])('a usage error of %j points to the help of that command', (args, help) => {
  expect(tierlab(args).stderr).toContain(`(see \`${help}\`)`);
});

test('an unknown flag is a usage error with a suggestion', () => {
  const { exitCode, stderr } = tierlab(['up', '--hosst', 'uml', 'topologies/three-tier.yaml']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/unknown option '--hosst'[\s\S]*Did you mean --host\?/);
});

test.each([
  [['up', '--host', 'docker', 'x.yaml'], /auto, native, uml/],
  [['--format', 'xml', 'ps'], /text, json/],
  [['schema', 'lab'], /topology, scenario/],
  [['completion', 'tcsh'], /bash, zsh, fish/],
  [['plan'], /missing required argument 'topology'/],
  [['render', 'topologies/three-tier.yaml'], /--output/],
  [['exec', 'l4-1'], /missing required argument 'command'/],
  [['up', '--memory', 'much', 'topologies/three-tier.yaml'], /much/],
  [['logs', '--lines', '-3', 'l4-1'], /-3/],
  [['test', '--seed', '1.5', 'labs/01-l4-crash'], /1\.5/],
  [['test', '--jobs', '0', 'labs/01-l4-crash'], /at least 1/],
  [['test', '--repeat', 'often', 'labs/01-l4-crash'], /at least 1/],
  [['test', '--shard', '4/3', 'labs/01-l4-crash'], /--shard 4\/3 "4" is none of 1 to 3/],
  [['test', '--shard', 'auto/3', 'labs/01-l4-crash'], /JOB_COMPLETION_INDEX \(Kubernetes\)/],
  [['test', '--shard', '1/', 'labs/01-l4-crash'], /it does not say of how many/],
  [['test', '--seed', '4294967296', 'labs/01-l4-crash'], /from 0 to 4294967295/],
  [['traffic', 'start', '--connections', '0'], /at least 1/],
  [['capture', 'l4-1', '-c', '0'], /at least 1/],
  [['test', 'topologies'], /no scenario here/],
  [['predict', 'labs'], /labs is a folder of \d+ scenarios.*\n.*the first is labs\/01-l4-crash\/ipv6\.yaml/],
])('%j is a usage error that says what would be right', (args, hint) => {
  const home = join(scratch(), 'home');
  const { exitCode, stdout, stderr } = tierlab(args, { env: { TIERLAB_HOME: home } });
  expect(stderr).toMatch(hint);
  expect(stderr).not.toMatch(/\n\s+at /);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});

test.each([
  ['ps', []],
  ['exec', ['l4-1', '--', 'true']],
  ['logs', ['l4-1']],
  ['shell', ['l4-1']],
])('%s without a lab says how to start one', (command, args) => {
  const { exitCode, stdout, stderr } = tierlab([command, ...args]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
  expect(stderr).toBe(
    'error: no lab is running\n  → start one with `tierlab up topologies/three-tier.yaml`\n',
  );
});

test('in JSON an error is one document on stdout, and stderr stays silent', () => {
  const { exitCode, stdout, stderr } = tierlab(['--format', 'json', 'ps']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'no-lab', message: 'no lab is running' } });
});

test('down with nothing to remove is fine, by name too, and creates nothing', () => {
  const home = join(scratch(), 'home');
  const env = { TIERLAB_HOME: home };
  expect(tierlab(['down'], { env })).toEqual({ exitCode: 0, stdout: 'There is no lab.\n', stderr: '' });
  expect(tierlab(['down', '--all'], { env }).exitCode).toBe(0);
  expect(tierlab(['down', 'nosuch'], { env })).toMatchObject({
    exitCode: 0,
    stdout: 'There is no lab nosuch.\n',
  });
  expect(tierlab(['destroy', 'topologies/three-tier.yaml'], { env }).exitCode).toBe(0);
  expect(() => readdirSync(home)).toThrow(/ENOENT/);
});

test('down --all removes every lab that it can, also behind one that it cannot', () => {
  const home = join(scratch(), 'home');
  // Nothing can be read in the place of the first one's state.
  for (const folder of ['first/state.json', 'second'])
    mkdirSync(join(home, 'labs', folder), { recursive: true });
  const { exitCode, stdout, stderr } = tierlab(['down', '--all'], { env: { TIERLAB_HOME: home } });
  expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: 'Removed second.\n' });
  expect(stderr).toMatch(/warning: first: EISDIR/);
  expect(readdirSync(join(home, 'labs'))).toEqual(['first']);
});

test('logs that are followed end when nobody reads them any more', { timeout: 20_000 }, async () => {
  const home = join(scratch(), 'home');
  const folder = join(home, 'labs/lab');
  mkdirSync(join(folder, 'logs/r-1'), { recursive: true });
  const file = join(folder, 'logs/r-1/bird.log');
  writeFileSync(file, 'begun\n');
  writeFileSync(
    join(folder, 'state.json'),
    JSON.stringify({ format: 1, name: 'lab', host: 'uml', phase: 'up' }),
  );
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({ shared: [[]], nodes: [{ name: 'r-1', ...common }] }),
  );
  const child = spawn(process.execPath, [entry(), 'logs', 'r-1', '--follow'], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TIERLAB_HOME: home },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const more = setInterval(() => writeFileSync(file, 'more\n', { flag: 'a' }), 100);
  onTestFinished(() => {
    clearInterval(more);
    child.kill();
  });
  await ended;
});

/** A written plan has what nodes have in common in one place. */
const common = { targets: 0, senders: 0, services: 0, options: 0, routes: 0 };

test('judge of a folder that holds no run says what a run is', () => {
  const { exitCode, stderr } = tierlab(['judge', scratch()]);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/ holds no saved run\n {4}.*main\.jsonl/);
});

test.each([
  [[], 'which command?'],
  [['plan'], "missing required argument 'topology'"],
  [['plann'], "unknown command 'plann'\n(Did you mean plan?)"],
  [['render', 'topologies/three-tier.yaml'], "required option '-o, --output <folder>' not specified"],
])('with --format json a usage error of %j is a JSON document like any other', (args, message) => {
  const { exitCode, stdout } = tierlab(['--format', 'json', ...args]);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    error: { code: 'bad-input', message: '1 problem', diagnostics: [{ file: 'command line:', message }] },
  });
});

test('what is no duration is named, and said what it should be', () => {
  const { exitCode, stderr } = tierlab(['drain', 'l7-1', '--within', '5']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(
    /'--within <duration>' argument '5' is invalid\. It must be a duration such as 500ms/,
  );
});

test.each([[['logs', 'l7-1', '--follow']], [['capture', 'l7-1']]])(
  'what %j prints is no JSON document, and so is refused by one',
  (args) => {
    const { exitCode, stdout } = tierlab([...args, '--format', 'json']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'bad-input', diagnostics: [{}] } });
  },
);

test('a folder below /proc cannot be made, and nobody tries for ever', () => {
  const { exitCode, stderr } = tierlab(['render', 'topologies/three-tier.yaml', '-o', '/proc/nowhere/deep']);
  expect(exitCode).toBe(3);
  expect(stderr).toContain('/proc/nowhere');
});

test('a JUnit file that cannot be written is told before anything runs', () => {
  const folder = scratch();
  const runs = join(folder, 'runs');
  const args = ['test', 'labs/01-l4-crash', '--host', 'uml', '--runs', runs, '--junit', folder];
  const { exitCode, stderr } = tierlab(args);
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^error: cannot write .*\n {4}EISDIR.*\n {2}→ name another file with --junit\n$/);
  expect(readdirSync(folder)).toEqual([]);
});

test('flags can be set in the environment, and the command line beats it', () => {
  const env = { TIERLAB_FORMAT: 'json' };
  expect(() => JSON.parse(tierlab(['plan', 'topologies/three-tier.yaml'], { env }).stdout)).not.toThrow();
  expect(tierlab(['--format', 'text', 'plan', 'topologies/three-tier.yaml'], { env }).stdout).toMatch(
    /^three-tier: /,
  );
  const wrong = tierlab(['ps'], { env: { TIERLAB_FORMAT: 'xml' } });
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/TIERLAB_FORMAT.*text, json/);
});

test('colours are for terminals: a pipe gets none unless asked, and NO_COLOR beats asking', () => {
  const colour = '\u001b[';
  const doctor = (env: Record<string, string>, ...flags: string[]): string =>
    tierlab([...flags, 'doctor'], { env }).stdout;
  expect(doctor({})).not.toContain(colour);
  expect(doctor({ FORCE_COLOR: '1' })).toContain(colour);
  expect(doctor({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(colour);
  expect(doctor({ FORCE_COLOR: '1' }, '--no-color')).not.toContain(colour);
});

test('doctor tells of each host whether it can be used, or why not and what to do', () => {
  const { exitCode, stdout } = tierlab(['--format', 'json', 'doctor']);
  const { hosts } = JSON.parse(stdout) as {
    hosts: { host: string; usable: boolean; problems: { what: string; remedy: string }[] }[];
  };
  expect(hosts.map(({ host }) => host)).toEqual(['native', 'uml']);
  for (const { usable, problems } of hosts) {
    expect(problems.length > 0).toBe(!usable);
    for (const { what, remedy } of problems) expect(what.length * remedy.length).toBeGreaterThan(0);
  }
  expect(exitCode).toBe(hosts.some(({ usable }) => usable) ? 0 : 3);
});

test('setup names what it would run without running it', () => {
  const { exitCode, stdout, stderr } = tierlab(['--format', 'json', 'setup', '--dry-run']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const { missing, installed, command } = JSON.parse(stdout) as {
    missing: string[];
    installed: string[];
    command?: string[];
  };
  expect(installed).toEqual([]);
  if (missing.length > 0) expect(command?.join(' ')).toContain(missing.join(' '));
});

test('validate tells all problems of all files at once, each with its place', () => {
  const folder = scratch();
  const topology = join(folder, 'bad.yaml');
  writeFileSync(
    topology,
    'name: bad\nnetworks:\n  a: {subnet: 192.0.2.0/33}\nnodes:\n  x: {kind: birdd, networks: [b]}\n',
  );
  const { exitCode, stdout, stderr } = tierlab([
    'validate',
    topology,
    join(folder, 'missing.yaml'),
    'labs/04-silent-death',
  ]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
  expect(stdout).toContain(`${topology}:3:`);
  expect(stdout).toContain(`${topology}:5:`);
  expect(stdout).toMatch(/did you mean "bird"/);
  expect(stdout).toMatch(/missing\.yaml does not exist/);
  expect(stdout).toContain('labs/04-silent-death/scenario.yaml: fine');
  const json = tierlab(['--format', 'json', 'validate', topology, 'labs/04-silent-death']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    valid: false,
    files: [{ file: topology }, { file: 'labs/04-silent-death/scenario.yaml', diagnostics: [] }],
  });
});

test('everything that ships validates: of a folder every topology and scenario below', () => {
  const root = inject('packageRoot');
  const shipped = ['labs', 'topologies'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yaml'))
      .sort()
      .map((path) => join(folder, path)),
  );
  expect(shipped).toContain('labs/07-drain/proxies.yaml');
  expect(tierlab(['validate', 'labs', 'topologies'])).toEqual({
    exitCode: 0,
    stdout: shipped.map((file) => `${file}: fine\n`).join(''),
    stderr: '',
  });
});

test('validate of a folder tells all problems of all files below, and leaves YAML of others alone', () => {
  const folder = scratch();
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };
  write('a/topology.yaml', 'name: bad\nnetworks:\n  a: {subnet: 192.0.2.0/33}\nnodes: {}\n');
  write('b/c/scenario.yaml', `name: x\ntopology: ../../a/topology.yaml\nexpect: [held.broken == 0]\n`);
  write('b/torn.yml', 'name: [x\n');
  write('b/workflow.yml', 'on: push\n');
  write('.hidden/x.yaml', 'name: [x\n');
  const { exitCode, stdout } = tierlab(['--format', 'json', 'validate', folder]);
  expect(exitCode).toBe(2);
  const { files } = JSON.parse(stdout) as { files: { file: string; diagnostics: { message: string }[] }[] };
  expect(files.map(({ file }) => file.slice(folder.length + 1))).toEqual([
    'a/topology.yaml',
    'b/c/scenario.yaml',
    'b/torn.yml',
  ]);
  for (const { diagnostics } of files) expect(diagnostics.length).toBeGreaterThan(0);
});

test('validate of a folder without any is no success', () => {
  const folder = scratch();
  expect(tierlab(['validate', folder])).toEqual({
    exitCode: 2,
    stdout: `${folder} no topology or scenario here, nor in any folder below\n`,
    stderr: '',
  });
});

test('test tells the problems of all its scenarios before it begins, each once', () => {
  const folder = scratch();
  const topology = join(folder, 'shared.yaml');
  writeFileSync(topology, 'name: bad\nnetworks:\n  a: {subnet: 192.0.2.0/33}\nnodes: {}\n');
  for (const [name, key] of [
    ['a', 'topology: shared.yaml'],
    ['b', 'topology: shared.yaml'],
    ['c', 'topolgy: shared.yaml'],
  ])
    writeFileSync(join(folder, `${name}.yaml`), `name: x\n${key}\nexpect: [held.broken == 0]\n`);
  const { exitCode, stdout, stderr } = tierlab(['test', folder]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('c.yaml:');
  expect(stderr.split(`${topology}:3:`)).toHaveLength(2);
});

test('new prints a topology; in JSON it is one document that holds it', () => {
  const { stdout } = tierlab(['new', 'mine', '--l4', '1']);
  expect(stdout).toMatch(/^name: mine$/m);
  expect(JSON.parse(tierlab(['new', 'mine', '--l4', '1', '--format', 'json']).stdout)).toEqual({
    topology: stdout,
  });
});

test('a file that cannot be written is named, with the flag that names another', () => {
  const folder = scratch();
  writeFileSync(join(folder, 'file'), '');
  const { exitCode, stderr } = tierlab(['new', 'mine', '-o', join(folder, 'file/mine.yaml')]);
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/^error: cannot write .*\n.*\n {2}→ name another file with --output\n$/);
  expect(tierlab(['new', 'mine', '-o', join(folder, 'deep/mine.yaml')]).exitCode).toBe(0);
});

test('of saved runs one that is damaged is named, and keeps no other from being told', () => {
  const folder = scratch();
  const write = (run: string, file: string): void => {
    mkdirSync(join(folder, run));
    writeFileSync(join(folder, run, file), 'no\n');
  };
  write('odd', 'main.jsonl');
  const { exitCode, stdout, stderr } = tierlab(['merge', folder]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 4, stderr: '' });
  expect(stdout).toContain(
    `odd: no verdict: its history cannot be judged\n    ${folder}/odd/main.jsonl: line 1`,
  );
  write('torn', 'failure.json');
  const torn = tierlab(['merge', folder]);
  expect(torn.exitCode).toBe(2);
  expect(torn.stderr).toMatch(/torn\/failure\.json cannot be read: .*\n.*leave its folder out\n$/);
});

test('plan in JSON is one document alone on stdout, the same each time, wherever the flag stands', () => {
  const { exitCode, stdout, stderr } = tierlab(['--format', 'json', 'plan', 'topologies/three-tier.yaml']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const plan = JSON.parse(stdout) as { nodes: { name: string }[] };
  expect(plan.nodes.map(({ name }) => name)).toContain('l7-3');
  expect(tierlab(['plan', 'topologies/three-tier.yaml', '--format', 'json']).stdout).toBe(stdout);
});

test('schemas are JSON in either format', () => {
  for (const what of ['topology', 'scenario']) {
    const { exitCode, stdout } = tierlab(['schema', what]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'object' });
  }
});

test('render writes every file into a new folder and refuses one that holds something', () => {
  const folder = join(scratch(), 'deep/out');
  const args = ['render', 'topologies/three-tier.yaml', '--output', folder];
  expect(tierlab(args).exitCode).toBe(0);
  const written = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  expect(written).toEqual(
    expect.arrayContaining(['nodes/r-1/bird.conf', 'nodes/l7-3/haproxy.cfg', 'plumbing/up.steps']),
  );
  const before = readFileSync(join(folder, 'plumbing/up.steps'), 'utf8');
  const { exitCode, stdout, stderr } = tierlab(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
  expect(stderr).toMatch(/is not empty\n {2}→ name a new folder/);
  expect(readFileSync(join(folder, 'plumbing/up.steps'), 'utf8')).toBe(before);
});
