/** Blocks as the kernel writes them (linux/if_packet.h), to be read in tests without one. */
import type { SwitchFrame } from '../../../src/packets/ring-file.ts';

export type Frame = Pick<SwitchFrame, 'data'> & Partial<SwitchFrame>;

export function blockOf(frames: readonly Frame[]): Buffer {
  const packets = frames.map((frame, i) => packetOf(frame, i === frames.length - 1));
  const head = Buffer.alloc(48);
  head.writeUInt32LE(2, 0);
  head.writeUInt32LE(1, 8);
  head.writeUInt32LE(frames.length, 12);
  head.writeUInt32LE(48, 16);
  const block = Buffer.concat([head, ...packets]);
  block.writeUInt32LE(block.length, 20);
  return block;
}

function packetOf(frame: Frame, isLast: boolean): Buffer {
  const { seconds = 0, nanoseconds = 0, port = 1, isToNode = false, data } = frame;
  const start = 82;
  const length = Math.ceil((start + data.length) / 16) * 16;
  const packet = Buffer.alloc(length);
  packet.writeUInt32LE(isLast ? 0 : length, 0);
  packet.writeUInt32LE(seconds, 4);
  packet.writeUInt32LE(nanoseconds, 8);
  packet.writeUInt32LE(data.length, 12);
  packet.writeUInt32LE(frame.originalLength ?? data.length, 16);
  packet.writeUInt16LE(start, 24);
  packet.writeUInt32LE(port, 52);
  packet.writeUInt8(isToNode ? 4 : 3, 58);
  data.copy(packet, start);
  return packet;
}
