import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import type { Host, HostKind, HostLab, HostName } from '../../src/hosts/contract.ts';
import { nativeHost } from '../../src/hosts/native/index.ts';
import { window } from '../../src/hosts/uml/frames.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { buildGuestPrograms, makeLab } from './guest-programs.ts';

const root = process.getuid?.() === 0;
/** Inside a guest only the native host can be tried; that run is started by the guest's own tests. */
const asked: readonly HostName[] =
  process.env.TIERLAB_TEST_HOST === 'native' ? ['native'] : ['native', 'uml'];

describe.each(asked)('the host %s', { timeout: 120_000 }, (name) => {
  const unusable = name === 'native' && !root;
  let kind: HostKind;
  let lab: HostLab;
  let host: Host;
  let remove: () => Promise<void> = async () => {};

  beforeAll(async () => {
    if (unusable) return;
    lab = await makeLab();
    if (name === 'uml') {
      const programs = await buildGuestPrograms();
      remove = programs.remove;
      kind = umlHost(programs.directory);
    } else {
      kind = nativeHost();
    }
    host = await kind.open({ lab, report: () => {} });
  }, 60_000);

  afterAll(async () => {
    if (unusable) return;
    await host?.disconnect();
    await kind.destroy(lab);
    await remove();
    rmSync(lab.directory, { recursive: true, force: true });
  }, 60_000);

  const check = (title: string, body: () => Promise<void>): void => {
    test(title, (context) => {
      context.skip(unusable, 'the native host needs root (inside a guest it is tried in any case)');
      return body();
    });
  };

  check('runs a program to its end and collects what it says, apart by stream', async () => {
    const result = await host.exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  check('passes arguments as they are, with spaces, quotes and newlines', async () => {
    const words = ['a b', "it's", '"', '', '\\', '$HOME', 'two\nlines', 'ü'];
    const { stdout } = await host.exec(['printf', '%s\\0', ...words]);
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  });

  check('is root', async () => {
    expect((await host.exec(['id', '-u'])).stdout).toBe('0\n');
  });

  check('gives programs an environment with the tag of the lab, which cannot be taken away', async () => {
    const { stdout } = await host.exec(['env'], { env: { COLOUR: 'blue', TIERLAB_TAG: 'other' } });
    const environment = stdout.split('\n');
    expect(environment).toContain(`TIERLAB_TAG=${lab.id}`);
    expect(environment).toContain('COLOUR=blue');
    expect(environment).toContain('PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
    expect(environment.some((line) => line.startsWith('TERM='))).toBe(true);
  });

  check('gives a program without input an empty one', async () => {
    expect(await host.exec(['cat'])).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  check('passes the input', async () => {
    expect((await host.exec(['cat'], { input: 'grüße\n' })).stdout).toBe('grüße\n');
  });

  check('is not disturbed by a program that does not read its input', async () => {
    expect((await host.exec(['true'], { input: 'x'.repeat(500_000) })).exitCode).toBe(0);
    expect((await host.exec(['echo', 'well'])).stdout).toBe('well\n');
  });

  check('tells a program that is not there, with the remedy', async () => {
    await expect(host.exec(['no-such-program', 'x'])).rejects.toMatchObject({
      name: 'WorldError',
      code: 'program-missing',
      exitCode: 3,
      message: expect.stringContaining('"no-such-program"'),
      hint: expect.stringContaining('tierlab setup'),
    });
  });

  check('tells the signal that ended a program, and 128 and its number as exit code', async () => {
    const result = await host.exec(['sh', '-c', 'kill -TERM $$']);
    expect(result).toEqual({ exitCode: 143, signal: 'SIGTERM', stdout: '', stderr: '' });
  });

  check('delivers signals to the whole process group', async () => {
    const script = 'trap "echo caught; exit 7" USR1; (sleep 600; echo never) & echo ready; wait';
    const program = host.spawn(['sh', '-c', script]);
    const said = gather(program.stdout);
    await until(() => ({ ok: said.text().includes('ready'), saw: said.text() }), {
      withinMs: 10_000,
      why: 'ready',
    });
    program.kill('SIGUSR1');
    // The sleep in the background got it too: otherwise it would hold stdout open for ten minutes.
    expect(await program.exited).toEqual({ exitCode: 7 });
    expect(said.text()).toContain('caught');
  });

  check('kills a program that outstays its time, and says which and what it had said', async () => {
    const asked = performance.now();
    const attempt = host.exec(['sh', '-c', 'echo $$; sleep 600'], { timeoutMs: 1500 });
    const error = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(performance.now() - asked).toBeLessThan(5000);
    expect(error).toMatchObject({ name: 'WorldError', code: 'exec-timeout', exitCode: 4 });
    const { message, details } = error as { message: string; details: string[] };
    expect(message).toContain('sleep 600');
    const pid = /stdout: (\d+)/.exec(details.join('\n'))?.[1];
    await until(async () => ({ ok: !(await exists(host, Number(pid))), saw: 'still there' }), {
      withinMs: 5000,
      why: 'its end',
    });
  });

  check('stops a program when its signal is aborted', async () => {
    const controller = new AbortController();
    const attempt = host.exec(['sleep', '600'], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(attempt).rejects.toThrow('enough');
  });

  check('runs eight programs at once, each with its own input, output, errors and exit code', async () => {
    const numbers = Array.from({ length: 8 }, (_, i) => i);
    const script = (i: number): string =>
      `read -r line; sleep 0.3; echo "$line ${i}"; echo "e${i}" >&2; exit ${i}`;
    const results = await Promise.all(
      numbers.map((i) => host.exec(['sh', '-c', script(i)], { input: `in${i}\n` })),
    );
    expect(results).toEqual(
      numbers.map((i) => ({ exitCode: i, stdout: `in${i} ${i}\n`, stderr: `e${i}\n` })),
    );
  });

  check('carries 20 MB in both directions without a wrong byte', async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    const program = host.spawn(['cat']);
    const hash = createHash('sha256');
    program.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
    program.stdin.end(bytes);
    expect(await program.exited).toEqual({ exitCode: 0 });
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  check('lets a slow reader hold up nobody else', async () => {
    const slow = host.spawn(['head', '-c', '3000000', '/dev/zero']);
    await once(slow.stdout, 'readable');
    expect((await host.exec(['echo', 'quick'])).stdout).toBe('quick\n');
    let bytes = 0;
    slow.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    expect(await slow.exited).toEqual({ exitCode: 0 });
    expect(bytes).toBe(3_000_000);
  });

  check('keeps what a program said last for a reader who pauses while it ends', async () => {
    // Of the guest more than may be under way; the rest is in pipe and buffers, and the program does not wait for its reader.
    const size = window + 60_000;
    const program = host.spawn(['head', '-c', String(size), '/dev/zero']);
    let bytes = 0;
    program.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    program.stdout.pause();
    await delay(1000);
    program.stdout.resume();
    expect(await program.exited).toEqual({ exitCode: 0 });
    expect(bytes).toBe(size);
  });

  check('tells how a program ended whose output nobody reads', async () => {
    // The machine has the pipe and a buffer in between, the guest what may be under way as well.
    const size = name === 'uml' ? window + 60_000 : 100_000;
    const program = host.spawn(['head', '-c', String(size), '/dev/zero']);
    expect(await program.exited).toEqual({ exitCode: 0 });
  });

  check('gives a program a terminal of the size asked for, and resizes it', async () => {
    const script = 'tty; stty size; trap "stty size; exit 5" WINCH; while :; do sleep 0.1; done';
    const program = host.spawn(['sh', '-c', script], { terminal: { rows: 33, columns: 101 } });
    const said = gather(program.stdout);
    const hears = (text: string): Promise<unknown> =>
      until(() => ({ ok: said.text().includes(text), saw: said.text() }), { withinMs: 10_000, why: text });
    await hears('33 101');
    program.resize({ rows: 40, columns: 120 });
    await hears('40 120');
    expect(await program.exited).toEqual({ exitCode: 5 });
    expect(said.text()).toMatch(/^\/dev\/pts\/\d+\r\n/);
  });

  check(
    'passes keys to a program with a terminal: Ctrl-C interrupts what runs in the foreground',
    async () => {
      const program = host.spawn(['sh', '-i'], {
        terminal: { rows: 24, columns: 80 },
        env: { PS1: 'ready> ' },
      });
      const said = gather(program.stdout);
      const hears = (text: string): Promise<unknown> =>
        until(() => ({ ok: said.text().includes(text), saw: said.text() }), { withinMs: 10_000, why: text });
      await hears('ready> ');
      program.stdin.write('echo be""gins; sleep 600\r');
      await hears('begins');
      program.stdin.write('\u0003');
      program.stdin.write('echo go""es on; exit 4\r');
      await hears('goes on');
      expect((await program.exited).exitCode).toBe(4);
    },
  );

  check('reads files, those of /proc too, and says what is not there', async () => {
    const path = join(lab.directory, 'note');
    writeFileSync(path, 'hello\n');
    expect(await host.readFile(path)).toBe('hello\n');
    writeFileSync(path, 'written again, and longer\n');
    expect(await host.readFile(path)).toBe('written again, and longer\n');
    expect((await host.exec(['cat', path])).stdout).toBe('written again, and longer\n');
    expect(await host.readFile('/proc/self/status')).toContain('Name:\tnode');
    expect((await host.readFile('/proc/cpuinfo')).length).toBeGreaterThan(100);
    await expect(host.readFile('/no/such/file')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(host.readFile('/etc')).rejects.toMatchObject({ code: 'EISDIR' });
  });

  check('shows in the folder of the lab at once what a program writes there', async () => {
    const path = join(lab.directory, 'written');
    await host.exec(['sh', '-c', `echo from the host > '${path}'`]);
    expect(readFileSync(path, 'utf8')).toBe('from the host\n');
  });

  check('dials unix sockets, several at once, and says why it cannot', async () => {
    const path = `/run/tierlab-contract-${lab.id}.sock`;
    const server = host.spawn(['node', '-e', echoServer, path]);
    await once(server.stdout, 'data');
    const answers = await Promise.all(
      ['one', 'two', 'three'].map(async (word) => {
        const socket = await host.dial(path);
        const said = gather(socket.readable);
        socket.writable.end(word);
        await said.ended;
        return said.text();
      }),
    );
    expect(answers).toEqual(['one!', 'two!', 'three!']);
    server.kill('SIGKILL');
    await server.exited;
    await expect(host.dial(path)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await host.exec(['rm', path]);
    await expect(host.dial(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  check('tells how far its clock is off', async () => {
    const { offsetMs, uncertaintyMs } = await host.clockOffset();
    expect(Math.abs(offsetMs)).toBeLessThan(500 + uncertaintyMs);
    expect(uncertaintyMs).toBeLessThan(1000);
  });

  check('finds modules that are there already, and names those that are not', async () => {
    await host.loadModules(['veth', 'bridge']);
    await expect(host.loadModules(['no_such_module'])).rejects.toMatchObject({
      code: 'module-missing',
      exitCode: 3,
      message: expect.stringContaining('no_such_module'),
    });
  });

  check('serves several connections, and kills what one left running when it goes', async () => {
    const other = await kind.connect(lab);
    const program = other.spawn(['sh', '-c', 'echo $$; sleep 600']);
    const [first] = (await once(program.stdout, 'data')) as [Buffer];
    const pid = Number(first.toString());
    expect(await exists(host, pid)).toBe(true);
    await other.disconnect();
    await until(async () => ({ ok: !(await exists(host, pid)), saw: 'still there' }), {
      withinMs: 5000,
      why: 'its end',
    });
    await expect(other.exec(['true'])).rejects.toMatchObject({ code: 'disconnected' });
    expect((await host.exec(['true'])).exitCode).toBe(0);
  });

  check('ends what it runs when its own process is killed', async () => {
    const opener = join(lab.directory, 'opener.mjs');
    const index = name === 'uml' ? 'uml' : 'native';
    await build({
      platform: 'node',
      logLevel: 'warn',
      input: { opener: join(import.meta.dirname, `../../src/hosts/${index}/index.ts`) },
      output: { file: opener, format: 'esm', codeSplitting: false },
    });
    const script = `
      const { ${index}Host } = await import(${JSON.stringify(opener)});
      const host = await ${index}Host('/').connect(${JSON.stringify(lab)});
      const program = host.spawn(['sh', '-c', 'echo $$; sleep 600']);
      program.stdout.pipe(process.stdout);`;
    const client = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [first] = (await once(client.stdout, 'data')) as [Buffer];
    const pid = Number(first.toString());
    expect(await exists(host, pid)).toBe(true);
    client.kill('SIGKILL');
    await until(async () => ({ ok: !(await exists(host, pid)), saw: 'still there' }), {
      withinMs: 5000,
      why: 'its end',
    });
  });

  check('does not wait for a program in the background that holds no stream', async () => {
    const started = performance.now();
    const { stdout } = await host.exec(['sh', '-c', 'sleep 600 </dev/null >/dev/null 2>&1 & echo $!']);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(await exists(host, Number(stdout))).toBe(true);
    await host.exec(['kill', '-KILL', stdout.trim()]);
  });
});

const echoServer = `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  let said = '';
  socket.on('data', (chunk) => { said += chunk; });
  socket.on('end', () => socket.end(said + '!'));
}).listen(process.argv[1], () => console.log('listening'));
`;

async function exists(host: Host, pid: number): Promise<boolean> {
  const status = await host.readFile(`/proc/${pid}/status`).catch(() => 'State:\tX');
  return !/^State:\t[XZ]/m.test(status);
}

function gather(readable: Readable): { text: () => string; ended: Promise<unknown> } {
  let said = '';
  readable.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8');
  });
  return { text: () => said, ended: once(readable, 'end') };
}
