import { expect, test } from 'vitest';
import {
  decodeIdentity,
  encodeAnswer,
  encodeBeat,
  encodeComplaint,
  encodeIdentity,
  type Frame,
  FrameReader,
  flowKey,
  payloadMatches,
} from '../../../src/base/channel.ts';

const key = flowKey('held/7/42');
const identity = encodeIdentity({ l7: 'l7-1', backend: 'web-2', connection: 'c0ffee' });
const stream = Buffer.concat([
  encodeBeat(key, 0, 33, 10),
  encodeAnswer(identity, key, 1, 17),
  encodeBeat(key, 2, 0, 0),
  encodeComplaint('payload of beat 3 is of another flow'),
]);

/** Frames as they were at the time: payloads may point into what was pushed. */
function readAll(chunks: readonly Buffer[], reader = new FrameReader()): Frame[] {
  return chunks.flatMap((chunk) => {
    // The reader is given memory that is used again at once, as a socket's read buffer is.
    const shared = Buffer.from(chunk);
    const frames = structuredClone(reader.push(shared)).map((frame) => ({ ...frame }));
    shared.fill(0xee);
    return frames;
  });
}

const whole = readAll([stream]);

test('a stream of frames comes out as it went in', () => {
  expect(whole.map(({ type }) => type)).toEqual(['beat', 'answer', 'beat', 'complaint']);
  const [beat, answer, , complaint] = whole;
  expect(beat).toMatchObject({ type: 'beat', seq: 0, downloadBytes: 10 });
  expect(complaint).toEqual({ type: 'complaint', reason: 'payload of beat 3 is of another flow' });
  if (beat?.type !== 'beat' || answer?.type !== 'answer') throw new Error('not the frames');
  expect(beat.payload).toHaveLength(33);
  expect(payloadMatches(beat.payload, key, 0, 'up')).toBe(true);
  expect(payloadMatches(answer.payload, key, 1, 'down')).toBe(true);
  expect(decodeIdentity(Buffer.from(answer.identity))).toEqual({
    l7: 'l7-1',
    backend: 'web-2',
    connection: 'c0ffee',
  });
});

test('a stream cut in two at any byte gives the same frames', () => {
  for (let cut = 0; cut <= stream.length; cut++)
    expect(readAll([stream.subarray(0, cut), stream.subarray(cut)]), `cut at ${cut}`).toEqual(whole);
});

test('a stream that comes byte by byte gives the same frames', () => {
  expect(readAll(Array.from(stream, (_, i) => stream.subarray(i, i + 1)))).toEqual(whole);
});

test('a flipped bit anywhere is found, and nothing behind it is believed', () => {
  for (let i = 0; i < stream.length; i++) {
    const damaged = Buffer.from(stream);
    damaged.writeUInt8(damaged.readUInt8(i) ^ 0x10, i);
    const frames = readAll([damaged]);
    const last = frames.pop();
    expect(last?.type, `byte ${i}`).toBe('corrupt');
    expect(frames).toEqual(whole.slice(0, frames.length));
  }
});

test('a damaged length is found as soon as the header is there, not waited for', () => {
  const damaged = encodeBeat(key, 0, 100, 0);
  damaged.writeUInt32BE(900_000, 4);
  expect(new FrameReader().push(damaged.subarray(0, 24)).map(({ type }) => type)).toEqual(['corrupt']);
});

test('a reader that met damage says nothing more', () => {
  const reader = new FrameReader();
  reader.push(Buffer.alloc(24));
  expect(reader.push(stream)).toEqual([]);
});

test('a frame above the limit is refused, in what it carries and in what it asks for', () => {
  expect(new FrameReader(100).push(encodeBeat(key, 0, 101, 0))).toMatchObject([{ type: 'corrupt' }]);
  expect(new FrameReader(100).push(encodeBeat(key, 0, 0, 101))).toMatchObject([{ type: 'corrupt' }]);
  expect(new FrameReader(100).push(encodeBeat(key, 0, 100, 100))).toMatchObject([{ type: 'beat' }]);
});

test('a payload of another flow, another heartbeat or the other direction does not match', () => {
  const [frame] = readAll([encodeBeat(key, 5, 64, 0)]);
  if (frame?.type !== 'beat') throw new Error('no beat');
  expect(payloadMatches(frame.payload, key, 5, 'up')).toBe(true);
  expect(payloadMatches(frame.payload, flowKey('held/8/42'), 5, 'up')).toBe(false);
  expect(payloadMatches(frame.payload, key, 6, 'up')).toBe(false);
  expect(payloadMatches(frame.payload, key, 5, 'down')).toBe(false);
});

test('an identity that does not fit its length byte is refused', () => {
  expect(() => encodeIdentity({ l7: 'x'.repeat(300), backend: '', connection: '' })).toThrow(RangeError);
});
