import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WorldError } from '../../src/base/errors.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import type { Kind } from '../../src/kinds/contract.ts';
import { kinds, kindTable } from '../../src/kinds/index.ts';
import { bringDown, bringUp, labPaths } from '../../src/lab/index.ts';
import { loadTopology, planTopology } from '../../src/topology/index.ts';
import { type Home, makeHome, repository, threeTier } from './tierlab.ts';

/** What a user sees when a daemon of a node does not do what it should: the node, the command, its last words, what to do. */
describe('a lab that does not come up says why', () => {
  let home: Home;

  beforeEach(async () => {
    home = await makeHome();
  });
  afterEach(() => home.remove());

  test('a daemon that exits at once: its command and its own words', async () => {
    const error = await failureOf((haproxy) => ({
      ...haproxy,
      daemons: () => [{ name: 'haproxy', argv: ['haproxy', '-db', '-f', '/no/such/file'] }],
    }));
    expect(error).toMatchObject({ code: 'daemon-exited', exitCode: 4 });
    expect(error.message).toMatch(/^node l7-\d: haproxy exited$/);
    expect(error.details.join('\n')).toContain('command: haproxy -db -f /no/such/file');
    expect(error.details.join('\n')).toMatch(/haproxy: .*No such file or directory/);
    expect(error.hint).toContain('haproxy.log');
  });

  test('a port that is in use: the daemon is named with what it says', async () => {
    const squat =
      'use Socket; socket(S, AF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(80, INADDR_ANY)) or die; listen(S, 5); sleep 60';
    const error = await failureOf((haproxy) => ({
      ...haproxy,
      daemons: (...args) => [
        { name: 'squatter', argv: ['perl', '-e', squat] },
        // The other one first gets the time to take the port.
        ...haproxy
          .daemons(...args)
          .map((daemon) => ({ ...daemon, argv: ['sh', '-c', 'sleep 1; exec "$@"', 'sh', ...daemon.argv] })),
      ],
    }));
    expect(error).toMatchObject({ code: 'daemon-exited', exitCode: 4 });
    expect(error.message).toMatch(/^node l7-\d: haproxy exited$/);
    expect(error.details.join('\n')).toMatch(/haproxy: .*cannot bind socket.*Address already in use/);
  });

  test('a daemon that is not installed: it is named', async () => {
    const error = await failureOf((haproxy) => ({
      ...haproxy,
      daemons: () => [{ name: 'haproxy', argv: ['no-such-daemon'] }],
    }));
    expect(error).toMatchObject({ code: 'daemon-exited', exitCode: 4 });
    expect(error.details.join('\n')).toContain('cannot run no-such-daemon: No such file or directory');
  });

  test('a node that never turns ready: the last answer of its probe', async () => {
    const error = await failureOf((haproxy) => ({
      ...haproxy,
      ready: async () => ({ ok: false, saw: '0 of 3 backends up' }),
    }));
    expect(error).toMatchObject({ code: 'node-not-ready', exitCode: 4 });
    expect(error.message).toMatch(/^waited 8s for: node l7-\d \(haproxy\) to be ready$/);
    expect(error.details).toContain('last seen: 0 of 3 backends up');
  });

  test('one that is left for a look can be looked into: only what needs a lab that is up is refused', async () => {
    const say = async (...args: string[]): Promise<string> => {
      const { exitCode, stdout, stderr } = await home.run(...args);
      expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
      return stdout;
    };
    const error = await failureOf(
      (haproxy) => ({ ...haproxy, ready: async () => ({ ok: false, saw: 'never' }) }),
      async () => {
        expect(await say('ps')).toMatch(/which did not come up\n[\s\S]*^l7-1 +haproxy +up/m);
        expect(await say('exec', 'l7-1', '--', 'ip', 'address', 'show', 'dev', 'ipip0')).toContain(
          '198.51.100.1',
        );
        expect(await say('logs', 'l7-1', '--daemon', 'bird')).toContain('Started');
        expect(await say('watch')).toContain('l7-1');
        await say('traffic', 'start', '--rate', '5');
        await say('traffic', 'stop');
        await say('capture', 'l7-1', '--seconds', '1', '-o', join(home.directory, 'l7.pcapng'));
        const refused = await home.run('drain', 'l7-1');
        expect(refused.exitCode).toBe(4);
        expect(refused.stderr).toMatch(
          /^error: lab "failing" did not come up\n {2}→ ps, exec, .*`tierlab down failing`/,
        );
      },
    );
    expect(error.code).toBe('node-not-ready');
  });

  /** Brings the three-tier lab up with another haproxy, looks around, and takes it down again. */
  async function failureOf(
    change: (haproxy: Kind) => Kind,
    look = async (): Promise<void> => undefined,
  ): Promise<WorldError> {
    const plan = planTopology(await loadTopology(threeTier, kindTable), kindTable);
    const lab = labPaths('failing', home.directory);
    const programs = join(repository, 'dist');
    const host = umlHost(programs);
    const { haproxy } = kinds;
    if (haproxy === undefined) throw new Error('no kind haproxy');
    try {
      await bringUp(plan, lab, {
        kinds: { ...kinds, haproxy: change(haproxy) },
        programs: { directory: programs, node: process.execPath },
        lanes: 1,
        hostKind: host,
        topologyFile: threeTier,
        report: () => undefined,
        readyWithinMs: 8000,
      });
    } catch (error) {
      if (!(error instanceof WorldError)) throw error;
      await look();
      return error;
    } finally {
      await bringDown(lab, [host]);
      await expect(access(lab.directory)).rejects.toThrow();
    }
    throw new Error('it came up');
  }
});
