import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../src/base/until.ts';
import type { Host, HostKind, HostLab } from '../../src/hosts/contract.ts';
import { findTagged } from '../../src/hosts/process-tag.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { factsOf, inSessions } from '../../src/hosts/uml/processes.ts';
import { readRecord } from '../../src/hosts/uml/record.ts';
import { buildGuestPrograms, makeLab, openElsewhere } from './guest-programs.ts';

const quiet = { report: () => {} };

describe('a user-mode-linux guest', { timeout: 120_000 }, () => {
  let programs: Awaited<ReturnType<typeof buildGuestPrograms>>;
  let kind: HostKind;

  beforeAll(async () => {
    programs = await buildGuestPrograms();
    kind = umlHost(programs.directory);
  });
  afterAll(() => programs.remove());

  /** Gives a lab, and afterwards holds that destroying it leaves nothing but the console's log. */
  const inLab = async (use: (lab: HostLab) => Promise<void>, at?: string): Promise<void> => {
    const made = await makeLab();
    const lab = at === undefined ? made : { id: made.id, directory: at };
    try {
      await use(lab);
    } finally {
      const session = readRecord(lab.directory)?.pid;
      await kind.destroy(lab);
      expect(await findTagged(lab.id)).toEqual([]);
      expect(inSessions(new Set(session === undefined ? [] : [session]))).toEqual([]);
      expect(
        existsSync(lab.directory) ? readdirSync(lab.directory).filter((name) => name !== 'console.log') : [],
      ).toEqual([]);
      rmSync(lab.directory, { recursive: true, force: true });
      rmSync(made.directory, { recursive: true, force: true });
    }
  };

  test('cannot write to the machine, not even as root, but in the folder of the lab', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      for (const folder of ['/usr', '/etc', '/var', '/root', programs.directory]) {
        const { exitCode, stderr } = await host.exec(['touch', `${folder}/tierlab-was-here`]);
        expect({ folder, exitCode, stderr }).toEqual({
          folder,
          exitCode: 1,
          stderr: expect.stringContaining('Read-only'),
        });
      }
      expect(
        (await host.exec(['touch', ...['/tmp', '/run', '/dev/shm'].map((folder) => `${folder}/${lab.id}`)]))
          .exitCode,
      ).toBe(0);
      expect(existsSync(`/tmp/${lab.id}`)).toBe(false);
      await host.exec(['rm', '-rf', join(lab.directory, 'made')]);
      expect((await host.exec(['mkdir', join(lab.directory, 'made')])).exitCode).toBe(0);
      expect(existsSync(join(lab.directory, 'made'))).toBe(true);
      rmSync(join(lab.directory, 'made'), { recursive: true });
      await host.disconnect();
    }));

  test('has a name, loopback, many open files, and modules that the kernel itself can ask for', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      const script =
        'hostname; ulimit -n; ip -br link show lo; modprobe() { :; }; ip link add d0 type dummy && ip -br link show d0';
      const { stdout, stderr } = await host.exec(['sh', '-c', script]);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^tierlab\n65536\nlo +UNKNOWN .*LOOPBACK,UP.*\nd0 +DOWN/);
      await host.loadModules(['ip_vs', 'ip_vs_mh', 'ipip', 'sch_netem', 'veth', 'bridge', 'dummy']);
      expect(await host.readFile('/proc/modules')).toMatch(/^ip_vs_mh /m);
      // Nothing that its kernel would soon die of.
      expect(readFileSync(join(lab.directory, 'console.log'), 'utf8')).not.toContain('BUG');
      await host.disconnect();
    }));

  test('is a machine on which the native host keeps its contract too', () =>
    inLab(async (lab) => {
      // With the programs in dist/, the guest sees all of the checkout, wherever that lies.
      const host = await umlHost(join(process.cwd(), 'dist')).open({ lab, ...quiet });
      const config = join(import.meta.dirname, 'inside-guest.config.ts');
      const vitest = join(process.cwd(), 'node_modules/vitest/vitest.mjs');
      // The runner is the one loader of configurations that writes nothing beside them.
      const options = ['--root', process.cwd(), '--config', config, '--configLoader', 'runner'];
      const { exitCode, stdout, stderr } = await host.exec([process.execPath, vitest, 'run', ...options], {
        env: { TIERLAB_TEST_HOST: 'native', CI: '1', NO_COLOR: '1' },
        timeoutMs: 100_000,
      });
      expect(exitCode, `${stdout}\n${stderr}`).toBe(0);
      expect(stdout).toMatch(/Tests +\d\d passed \(/);
      await host.disconnect();
    }));

  test('kills for memory what takes too much of it, and lives on', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, memoryMb: 256, ...quiet });
      const { signal } = await host.exec(['tail', '/dev/zero']);
      expect(signal).toBe('SIGKILL');
      expect((await host.exec(['echo', 'alive'])).stdout).toBe('alive\n');
      await host.disconnect();
    }));

  test('is not started twice for a lab, and the first lives on', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      await expect(kind.open({ lab, ...quiet })).rejects.toMatchObject({ code: 'guest-running' });
      expect((await host.exec(['echo', 'alive'])).stdout).toBe('alive\n');
      await host.disconnect();
    }));

  test('reaps the orphans that its tasks leave', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      await host.exec(['sh', '-c', 'for i in 1 2 3 4 5; do (sleep 0.2 </dev/null >/dev/null 2>&1 &) ; done']);
      await until(
        async () => {
          const { stdout } = await host.exec(['ps', '-eo', 'stat,comm']);
          return { ok: !stdout.includes('sleep'), saw: stdout };
        },
        { withinMs: 10_000, why: 'no sleep, nor its zombie' },
      );
      await host.disconnect();
    }));

  test('runs beside another, each on a CPU of its own where there are two', () =>
    inLab((one) =>
      inLab(async (two) => {
        const hosts = await Promise.all([one, two].map((lab) => kind.open({ lab, ...quiet })));
        const said = await Promise.all(
          hosts.map((host) =>
            host.exec(['sh', '-c', 'echo $TIERLAB_TAG; cat /proc/sys/kernel/random/boot_id']),
          ),
        );
        const [first = '', second = ''] = said.map(({ stdout }) => stdout);
        expect(first).toContain(one.id);
        expect(second).toContain(two.id);
        expect(first.split('\n')[1]).not.toBe(second.split('\n')[1]);
        await kind.destroy(one);
        expect((await hosts[1]?.exec(['true']))?.exitCode).toBe(0);
        await Promise.all(hosts.map((host) => host.disconnect()));
      }),
    ));

  test.each([
    [
      'a deep folder with spaces',
      () => join(mkdtempSync(join(tmpdir(), 'tierlab deep ')), 'x'.repeat(60), 'y'.repeat(60)),
    ],
    ['a folder below /var/tmp', () => mkdtempSync('/var/tmp/tierlab-')],
    ['a folder below the home', () => mkdtempSync(join(process.env.HOME ?? '/root', '.tierlab-test-'))],
  ])('keeps its lab in %s', async (_, make) => {
    const directory = make();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    await inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      await host.exec(['sh', '-c', 'echo here > "$1/note"', 'sh', directory]);
      expect(existsSync(join(directory, 'note'))).toBe(true);
      rmSync(join(directory, 'note'));
      await host.disconnect();
    }, directory);
  });

  test.skipIf(process.getuid?.() !== 0)('boots for a user without root, in a folder of that user', () =>
    inLab(async (lab) => {
      const nobody = 65_534;
      chownSync(lab.directory, nobody, nobody);
      const opened = await openElsewhere(lab, programs.directory, [
        'setpriv',
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
      ]);
      expect(opened).toBe('opened 0\n');
      const pid = readRecord(lab.directory)?.pid;
      expect(pid).toBeDefined();
      const host = await kind.connect(lab);
      const { stdout } = await host.exec([
        'sh',
        '-c',
        'id -u; touch "$1/mine"; cat /etc/shadow',
        'sh',
        lab.directory,
      ]);
      expect(stdout).toBe('0\n');
      rmSync(join(lab.directory, 'mine'));
      await host.disconnect();
    }),
  );

  test('runs on when the process that started it is killed', () =>
    inLab(async (lab) => {
      expect(await openElsewhere(lab, programs.directory, [])).toBe('opened 0\n');
      const host = await kind.connect(lab);
      expect((await host.exec(['echo', 'alive'])).stdout).toBe('alive\n');
      await host.disconnect();
    }));

  test.each([
    ['is killed', 'its process was killed by SIGKILL', (lab: HostLab) => process.kill(pidOf(lab), 'SIGKILL')],
    [
      'panics',
      'its kernel panicked: sysrq triggered crash',
      (_: HostLab, host: Host) =>
        void host.exec(['sh', '-c', 'echo c > /proc/sysrq-trigger']).catch(() => {}),
    ],
    [
      'is powered off',
      'it was powered off',
      (_: HostLab, host: Host) =>
        void host.exec(['sh', '-c', 'echo o > /proc/sysrq-trigger']).catch(() => {}),
    ],
    [
      'loses its agent',
      'was ended by its agent (exit code 137)',
      (_: HostLab, host: Host) => void host.exec(['sh', '-c', 'kill -9 $PPID']).catch(() => {}),
    ],
  ])('that %s ends every command under way, and the next ones, with the reason', (_, reason, end) =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      // Two tasks that never wait: these are what would run on by themselves without their kernel.
      const busy = ['sh', '-c', 'while :; do :; done'];
      const commands = [host.exec(busy), host.exec(busy), host.spawn(['sleep', '600']).exited];
      const failures = Promise.all(
        commands.map((command) =>
          command.then(
            () => 'no error',
            (error: unknown) => error,
          ),
        ),
      );
      expect((await host.exec(['true'])).exitCode).toBe(0);
      const session = pidOf(lab);
      const keeper = readRecord(lab.directory)?.keeper ?? 0;
      end(lab, host);
      const died = {
        name: 'WorldError',
        code: 'guest-died',
        exitCode: 4,
        message: expect.stringContaining(reason),
        hint: expect.stringContaining('tierlab down'),
      };
      for (const failure of await failures) expect(failure).toMatchObject(died);
      await expect(host.exec(['true'])).rejects.toMatchObject(died);
      await expect(host.readFile('/proc/uptime')).rejects.toMatchObject(died);
      await expect(host.dial('/run/x')).rejects.toMatchObject(died);
      await expect(kind.connect(lab)).rejects.toMatchObject(died);
      const left = (): number =>
        inSessions(new Set([session])).length + (factsOf(keeper) === undefined ? 0 : 1);
      await until(() => ({ ok: left() === 0, saw: `${left()} processes` }), {
        withinMs: 3000,
        why: 'neither a task of the guest nor its keeper to be left, even before "down"',
      });
    }),
  );

  test('whose keeper is killed powers itself off, and says so to the next command', () =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      const record = readRecord(lab.directory);
      const waiting = host.exec(['sleep', '600']).catch((error: unknown) => error);
      process.kill(record?.keeper ?? 0, 'SIGKILL');
      expect(await waiting).toMatchObject({
        code: 'guest-died',
        message: expect.stringContaining(`(pid ${record?.keeper})`),
      });
      await expect(kind.connect(lab)).rejects.toMatchObject({ code: 'guest-died' });
      await until(() => ({ ok: inSessions(new Set([record?.pid ?? 0])).length === 0, saw: 'alive' }), {
        withinMs: 10_000,
        why: 'the guest to have ended',
      });
    }));

  test.each([
    ['the guest', (lab: HostLab) => [pidOf(lab)]],
    ['the keeper', (lab: HostLab) => [readRecord(lab.directory)?.keeper ?? 0]],
    ['both', (lab: HostLab) => [readRecord(lab.directory)?.keeper ?? 0, pidOf(lab)]],
    [
      'both, and its record lost,',
      (lab: HostLab) => {
        const victims = [readRecord(lab.directory)?.keeper ?? 0, pidOf(lab)];
        rmSync(join(lab.directory, 'guest.json'));
        return victims;
      },
    ],
  ])('is destroyed to the last process right after %s was killed', (_, victims) =>
    inLab(async (lab) => {
      const host = await kind.open({ lab, ...quiet });
      const busy = [1, 2, 3].map(() => host.exec(['sh', '-c', 'while :; do :; done']).catch(() => {}));
      await host.exec(['true']);
      const session = pidOf(lab);
      for (const pid of victims(lab)) process.kill(pid, 'SIGKILL');
      const asked = performance.now();
      await kind.destroy(lab);
      expect(performance.now() - asked).toBeLessThan(2000);
      expect(inSessions(new Set([session]))).toEqual([]);
      await Promise.all(busy);
      await kind.destroy(lab);
    }),
  );

  test('that has no agent fails with the console as evidence and leaves nothing', () =>
    inLab(async (lab) => {
      const empty = mkdtempSync(join(programs.directory, 'empty-'));
      copyFileSync(join(programs.directory, 'keeper.js'), join(empty, 'keeper.js'));
      const error = await umlHost(empty)
        .open({ lab, ...quiet })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'WorldError', code: 'guest-not-booted', exitCode: 4 });
      expect((error as { details: string[] }).details.join('\n')).toContain('Cannot find module');
      expect(await findTagged(lab.id)).toEqual([]);
    }));

  test('that cannot have its memory fails and leaves nothing', () =>
    inLab(async (lab) => {
      const error = await kind.open({ lab, memoryMb: 4, ...quiet }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'WorldError', code: 'guest-not-booted', exitCode: 4 });
      expect(await findTagged(lab.id)).toEqual([]);
    }));

  test.each([0, 20, 60, 120, 200, 300])('leaves nothing when its boot is broken off after %i ms', (ms) =>
    inLab(async (lab) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('enough')), ms);
      await expect(kind.open({ lab, ...quiet, signal: controller.signal })).rejects.toThrow('enough');
      expect(await findTagged(lab.id)).toEqual([]);
    }),
  );

  test('refuses a folder that would be hidden before it starts, or that no mount can name', async () => {
    for (const parent of ['/dev/shm', join(tmpdir(), 'a,b')]) {
      mkdirSync(parent, { recursive: true });
      await inLab(
        (lab) =>
          expect(kind.open({ lab, ...quiet })).rejects.toMatchObject({ code: 'host-unusable', exitCode: 3 }),
        mkdtempSync(join(parent, 'tierlab-')),
      );
    }
    rmSync(join(tmpdir(), 'a,b'), { recursive: true });
  });

  test('that was never started is named so', () =>
    inLab(async (lab) => {
      await expect(kind.connect(lab)).rejects.toMatchObject({
        code: 'guest-died',
        message: expect.stringContaining('none was started'),
      });
    }));
});

const pidOf = (lab: HostLab): number => readRecord(lab.directory)?.pid ?? 0;
