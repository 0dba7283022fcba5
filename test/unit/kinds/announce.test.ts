/** What announces VIPs, run as it is and told by a FIFO as keepalived does it; the programs that it calls write down what they are called with. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../../src/base/until.ts';
import { type Announced, announceScript } from '../../../src/kinds/ipvs/announce.ts';

const six: Announced = { name: '[mh-80-v6]:0', servers: 2, vips: ['2001:db8:100::1', '2001:db8:100::2'] };
const tls: Announced = { name: '[198.51.100.1]:tcp:443', servers: 2, vips: ['198.51.100.1'] };

const tableOf = (vip: string, weight: number): string =>
  `IP Virtual Server version 1.2.1 (size=4096)\nTCP  ${vip}:443 mh (mh-port)\n  -> 10.1.0.1:443                 Tunnel  ${weight}      0          0\n`;

interface Announcer {
  /** As keepalived writes it. */
  say(...lines: readonly string[]): void;
  /** What `ip` has been told, a line each. */
  told(): string[];
  /** Waits for that. */
  hears(...lines: readonly string[]): Promise<void>;
  signal(): void;
  /** keepalived closes the FIFO. */
  hangUp(): void;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
  readonly fifo: string;
  /** How often `ipvsadm` was asked. */
  asked(): number;
}

/** @param table what ipvsadm says */
async function announcer(all: readonly Announced[], seconds: number, table = ''): Promise<Announcer> {
  const folder = mkdtempSync(join(tmpdir(), 'tierlab-announce-'));
  const path = (name: string): string => join(folder, name);
  const program = (name: string, text: string): void => {
    writeFileSync(path(name), `#!/bin/sh\n${text}\n`);
    chmodSync(path(name), 0o700);
  };
  program('ip', `cat >>'${path('said')}'`);
  program('ipvsadm', `[ "$*" = -Ln ] && echo x >>'${path('asked')}' && cat '${path('table')}'`);
  writeFileSync(path('table'), table);
  for (const file of ['said', 'asked']) writeFileSync(path(file), '');
  writeFileSync(path('announce.pl'), announceScript(all).replace('/sbin/ip', path('ip')));
  const fifo = path('fifo');
  spawnSync('mkfifo', [fifo]);
  const child = spawn('perl', [path('announce.pl'), 'announce', String(seconds), fifo], {
    env: { PATH: `${folder}:/bin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, stderr }));
  });
  // Both ways, as keepalived opens it: it need not wait for a reader.
  const fd = openSync(fifo, 'r+');
  let isOpen = true;
  const hangUp = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  onTestFinished(async () => {
    hangUp();
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const within = { withinMs: 15_000, everyMs: 10 };
  await until(() => ({ ok: !existsSync(fifo), saw: 'the FIFO' }), { ...within, why: 'it to read' });
  const told = (): string[] => readFileSync(path('said'), 'utf8').split('\n').slice(0, -1);
  return {
    say: (...lines) => void writeSync(fd, lines.map((line) => `${line}\n`).join('')),
    told,
    async hears(...lines) {
      const wanted = lines.join('\n');
      const look = (): { ok: boolean; saw: string } => {
        const saw = told().join('\n');
        return { ok: saw === wanted, saw };
      };
      await until(look, { ...within, why: `ip to be told: ${wanted}` });
    },
    signal: () => void child.kill('SIGTERM'),
    hangUp,
    ended,
    fifo,
    asked: () => readFileSync(path('asked'), 'utf8').length / 2,
  };
}

const up = ({ name }: Announced, server: number): string => `RS [10.1.0.${server}]:tcp:443 ${name} UP`;
const gained = ({ name }: Announced): string => `VS ${name} UP`;
const lost = ({ name }: Announced): string => `VS ${name} DOWN`;
const address = (action: string, vip: string): string =>
  `address ${action} ${vip}/${vip.includes(':') ? 128 : 32} dev announce`;

test('VIPs are announced when all servers have been found well, and nobody else is asked', async () => {
  const it = await announcer([tls], 60);
  it.say(up(tls, 1), gained(tls));
  it.say(up(tls, 2));
  await it.hears(address('replace', '198.51.100.1'));
  expect(it.asked()).toBe(0);
});

test('while one server is not well yet nothing is announced, until it has had the time to be found dead', async () => {
  const it = await announcer([tls], 2);
  const start = performance.now();
  it.say(up(tls, 1), gained(tls), up(tls, 1));
  await it.hears(address('replace', '198.51.100.1'));
  expect(performance.now() - start).toBeGreaterThan(900);
});

test('what comes up at the same time is announced together, all VIPs of each', async () => {
  const it = await announcer([tls, six], 60);
  it.say(up(tls, 1), gained(tls), up(tls, 2), up(six, 1), gained(six));
  it.say(up(six, 2));
  const [one = '', two = ''] = six.vips;
  await it.hears(address('replace', '198.51.100.1'), address('replace', one), address('replace', two));
});

test('the VIPs of a virtual server that has lost its servers are withdrawn at once, and announced again when it is whole', async () => {
  const it = await announcer([six], 60);
  const said = (action: string): string[] => six.vips.map((vip) => address(action, vip));
  it.say(up(six, 1), gained(six), up(six, 2));
  await it.hears(...said('replace'));
  it.say(`RS [10.1.0.1]:tcp:443 ${six.name} DOWN`, `RS [10.1.0.2]:tcp:443 ${six.name} DOWN`, lost(six));
  it.say(up(six, 1), gained(six));
  await it.hears(...said('replace'), ...said('delete'));
  it.say(up(six, 2));
  await it.hears(...said('replace'), ...said('delete'), ...said('replace'));
});

test('one that begins when keepalived has read its files again asks the kernel which VIPs have servers', async () => {
  const it = await announcer([tls, six], 0, tableOf('[2001:db8:100::2]', 1));
  await it.hears(...six.vips.map((vip) => address('replace', vip)));
  expect(it.asked()).toBe(1);
});

test('where no server is well, nothing is announced', async () => {
  const it = await announcer([tls], 0, tableOf('198.51.100.1', 0));
  await until(() => ({ ok: it.asked() === 1, saw: '' }), { withinMs: 15_000, why: 'it to ask the kernel' });
  it.hangUp();
  expect(await it.ended).toEqual({ code: 0, stderr: '' });
  expect(it.told()).toEqual([]);
});

test('when keepalived ends it withdraws what it is told to withdraw, and ends too', async () => {
  const it = await announcer([tls], 60);
  it.say(up(tls, 1), up(tls, 2), gained(tls));
  await it.hears(address('replace', '198.51.100.1'));
  it.signal();
  it.say(lost(tls));
  expect(await it.ended).toEqual({ code: 0, stderr: '' });
  expect(it.told()).toEqual([address('replace', '198.51.100.1'), address('delete', '198.51.100.1')]);
});

test('when keepalived is killed, or begins another announcer, what is announced stays', async () => {
  const it = await announcer([tls], 60);
  it.say(up(tls, 1), up(tls, 2), gained(tls));
  await it.hears(address('replace', '198.51.100.1'));
  it.signal();
  it.hangUp();
  expect(await it.ended).toEqual({ code: 0, stderr: '' });
  expect(it.told()).toEqual([address('replace', '198.51.100.1')]);
});
