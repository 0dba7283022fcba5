import { expect, test } from 'vitest';
import {
  encode,
  encodeCredit,
  FrameReader,
  frameType,
  largestData,
  window,
} from '../../../src/hosts/uml/frames.ts';
import { LineWriter } from '../../../src/hosts/uml/line-writer.ts';
import { Sender } from '../../../src/hosts/uml/sender.ts';

const frames = (bytes: readonly Buffer[]) => new FrameReader().push(Buffer.concat(bytes));

test('frames come out as they went in, however the bytes are cut', () => {
  const sent = [
    encode(1, frameType.open, 0, Buffer.from('{}')),
    encode(4_000_000_000, frameType.data, 2, Buffer.alloc(70_000, 7)),
    encode(3, frameType.end, 1),
    encodeCredit(9, 1, 123_456),
  ];
  const bytes = Buffer.concat(sent);
  for (const step of [1, 3, 9, 10, 11, 4096, bytes.length]) {
    const reader = new FrameReader();
    const got = [];
    for (let at = 0; at < bytes.length; at += step) got.push(...reader.push(bytes.subarray(at, at + step)));
    expect(Buffer.concat(got.map((f) => encode(f.stream, f.type, f.channel, f.payload))).equals(bytes)).toBe(
      true,
    );
    expect(got).toHaveLength(sent.length);
  }
});

test('a sender stops where its credit ends and goes on when it gets more', () => {
  const written: Buffer[] = [];
  const sender = new Sender(5, 1, (frame) => written.push(frame));
  const bytes = (): number => frames(written).reduce((sum, { payload }) => sum + payload.length, 0);
  let sent = 0;
  sender.send(Buffer.alloc(window + 10), () => sent++);
  sender.end();
  expect([bytes(), sent]).toEqual([window, 0]);
  sender.grant(4);
  expect([bytes(), sent]).toEqual([window + 4, 0]);
  sender.grant(100);
  expect([bytes(), sent]).toEqual([window + 10, 1]);
  expect(frames(written).at(-1)?.type).toBe(frameType.end);
  expect(Math.max(...frames(written).map(({ payload }) => payload.length))).toBe(largestData);
});

test('a sender that gives up lets go of who waits, and sends no end', () => {
  const written: Buffer[] = [];
  const sender = new Sender(5, 1, (frame) => written.push(frame));
  let sent = 0;
  sender.send(Buffer.alloc(window), () => sent++);
  sender.send(Buffer.alloc(1), () => sent++);
  sender.end();
  const before = written.length;
  sender.drop();
  expect(sent).toBe(2);
  sender.grant(1000);
  expect(written.length).toBe(before);
});

test('the line never carries more unread bytes than the tty of the guest holds without throttling', () => {
  const written: Buffer[] = [];
  const line = new LineWriter((bytes) => written.push(bytes));
  line.send(1, encode(1, frameType.data, 0, Buffer.alloc(8000, 1)));
  const total = (): number => written.reduce((sum, { length }) => sum + length, 0);
  // drivers/tty/n_tty.c: 4,096 in the buffer, throttled when fewer than 128 are free.
  expect(total()).toBeLessThanOrEqual(4096 - 128);
  for (let seen = 0; seen < total(); ) {
    const unread = total() - seen;
    expect(unread).toBeLessThanOrEqual(4096 - 128);
    line.acknowledge(unread);
    seen += unread;
  }
  expect(frames(written)).toHaveLength(1);
});

test('on the line every stream has its turn, and its frames stay in order', () => {
  const written: Buffer[] = [];
  const line = new LineWriter((bytes) => written.push(bytes));
  const big = Buffer.alloc(3000);
  for (let i = 0; i < 5; i++) line.send(1, encode(1, frameType.data, 0, big));
  line.send(1, encode(1, frameType.end));
  line.send(2, encode(2, frameType.open, 0, Buffer.from('{}')));
  for (let seen = 0; seen < Buffer.concat(written).length; ) {
    const unread = Buffer.concat(written).length - seen;
    seen += unread;
    line.acknowledge(unread);
  }
  const order = frames(written).map(({ stream, type }) => `${stream}:${type}`);
  expect(order.indexOf('2:1')).toBeLessThan(4);
  expect(order.filter((entry) => entry.startsWith('1')).at(-1)).toBe(`1:${frameType.end}`);
  expect(order).toHaveLength(7);
});
