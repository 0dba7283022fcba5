import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { pcapng } from '../../../src/packets/index.ts';

const facts = { interface: 'l4-1:fabric', filter: 'tcp', application: 'tierlab 1', clockAheadMs: 500 };

/** Two Ethernet frames of UDP from 10.0.0.1 to 10.0.0.2, 1.25 s apart. */
function pcap(): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b2c3d4, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt16LE(4, 6);
  head.writeUInt32LE(262_144, 16);
  head.writeUInt32LE(1, 20);
  const frame = (payload: string): Buffer => {
    const data = Buffer.from(payload);
    const ip = Buffer.from('450000000001000040110000 0a000001 0a000002'.replaceAll(' ', ''), 'hex');
    ip.writeUInt16BE(28 + data.length, 2);
    const udp = Buffer.alloc(8);
    udp.writeUInt16BE(1111, 0);
    udp.writeUInt16BE(2222, 2);
    udp.writeUInt16BE(8 + data.length, 4);
    return Buffer.concat([
      Buffer.from('020000000001020000000002 0800'.replace(' ', ''), 'hex'),
      ip,
      udp,
      data,
    ]);
  };
  const record = (seconds: number, micros: number, data: Buffer): Buffer => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(seconds, 0);
    header.writeUInt32LE(micros, 4);
    header.writeUInt32LE(data.length, 8);
    header.writeUInt32LE(data.length, 12);
    return Buffer.concat([header, data]);
  };
  return Buffer.concat([
    head,
    record(1_700_000_000, 250_000, frame('abc')),
    record(1_700_000_001, 500_000, frame('defgh')),
  ]);
}

test('packets keep their bytes, and their times on our clock, in whatever pieces they come', async () => {
  const bytes = pcap();
  const whole = await buffer(Readable.from([bytes]).pipe(pcapng(facts)));
  const bytewise = await buffer(Readable.from([...bytes].map((byte) => Buffer.of(byte))).pipe(pcapng(facts)));
  expect(bytewise.equals(whole)).toBe(true);

  const folder = mkdtempSync(join(tmpdir(), 'pcapng-'));
  try {
    const file = join(folder, 'two.pcapng');
    writeFileSync(file, whole);
    // Whoever else reads the format is the judge.
    const said = execFileSync('tcpdump', ['-n', '-tt', '-r', file], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(said.toString().trim().split('\n')).toEqual([
      '1699999999.750000 IP 10.0.0.1.1111 > 10.0.0.2.2222: UDP, length 3',
      '1700000001.000000 IP 10.0.0.1.1111 > 10.0.0.2.2222: UDP, length 5',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(whole.includes(Buffer.from('l4-1:fabric'))).toBe(true);
  expect(whole.includes(Buffer.from('\0tcp'))).toBe(true);
});

test('what is no capture is refused', async () => {
  const stream = Readable.from([Buffer.from('tcpdump: no such device, and more text')]).pipe(pcapng(facts));
  await expect(buffer(stream)).rejects.toThrow('no pcap');
});
