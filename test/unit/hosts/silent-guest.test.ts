/** A guest that is stopped: its keeper lives, and nothing else answers any more. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Host } from '../../../src/hosts/contract.ts';
import { Connection } from '../../../src/hosts/uml/connection.ts';
import { encode, frameType } from '../../../src/hosts/uml/frames.ts';
import { guestHost } from '../../../src/hosts/uml/guest-host.ts';
import { guestDied } from '../../../src/hosts/uml/record.ts';

test('a guest that does not answer for half a minute is told, and nobody waits for it a second time', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { host } = await stopped();
  const reading = host.readFile('/proc/meminfo');
  const others = [host.dial('/run/bird.ctl'), host.clockOffset(), host.spawn(['sleep', '1']).exited];
  for (const each of [reading, ...others]) each.catch(() => undefined);
  vi.advanceTimersByTime(29_000);
  expect(await Promise.race([reading.catch(() => 'ended'), 'waiting'])).toBe('waiting');
  vi.advanceTimersByTime(1000);
  const silent = { code: 'guest-silent', exitCode: 4, hint: expect.stringContaining('tierlab down') };
  for (const each of [reading, ...others]) await expect(each).rejects.toMatchObject(silent);
  await expect(host.readFile('/proc/meminfo')).rejects.toMatchObject(silent);
});

test('a long answer may take longer than that, as long as something comes', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { host, say } = await stopped();
  const reading = host.readFile('/a/large/log');
  for (let part = 0; part < 4; part++) {
    vi.advanceTimersByTime(20_000);
    await say(frameType.data, 1, Buffer.from(`${part} `));
  }
  await say(frameType.result, 0, Buffer.from('{}'));
  expect(await reading).toBe('0 1 2 3 ');
});

/** A host whose guest says nothing by itself; `say` lets it answer the first thing that it was asked. */
async function stopped(): Promise<{
  readonly host: Host;
  readonly say: (type: number, on: number, payload: Buffer) => Promise<void>;
}> {
  const directory = mkdtempSync(join(tmpdir(), 'tierlab-silent-'));
  let answer: (frame: Buffer) => void = () => undefined;
  const server = createServer((socket) => {
    socket.resume();
    socket.on('error', () => undefined);
    answer = (frame) => void socket.write(frame);
  });
  await new Promise<void>((resolve) => server.listen(join(directory, 'guest.sock'), () => resolve()));
  const lab = { id: '0123ab', directory };
  const connection = await Connection.open(directory, () => guestDied(directory));
  onTestFinished(async () => {
    await connection.close(guestDied(directory));
    server.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    host: guestHost(lab, connection, '6.1.0'),
    async say(type, on, payload) {
      answer(encode(1, type, on, payload));
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
  };
}
