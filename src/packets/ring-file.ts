/**
 * Reads what the process of ring-script.ts kept: blocks as the kernel made them, one behind the other. A block is a
 * tpacket_block_desc, a packet in it a tpacket3_hdr, a sockaddr_ll and the bytes (linux/if_packet.h); in the byte order of
 * the lab's machine, which is little-endian.
 */
import { open } from 'node:fs/promises';

/** A frame as a switch saw it at one of its ports. */
export interface SwitchFrame {
  /** Since the epoch, by the lab's clock: whole seconds, and the rest. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Number of the port in its namespace; a new one each time that a port is made. */
  readonly port: number;
  /** On its way out of the switch, to the node; else it came from the node. */
  readonly isToNode: boolean;
  readonly originalLength: number;
  /** Its head. It shares memory with others: copy what is to stay. */
  readonly data: Buffer;
}

/** Frames of a file, in order. What was cut off in the middle of being written is left out; a file that is not there has none. */
export async function* readRing(file: string): AsyncGenerator<readonly SwitchFrame[]> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    let at = 0;
    const head = Buffer.alloc(blockHeaderBytes);
    while (handle !== undefined) {
      const { bytesRead } = await handle.read(head, 0, blockHeaderBytes, at);
      const length = bytesRead < blockHeaderBytes ? 0 : head.readUInt32LE(20);
      if (length < blockHeaderBytes) return;
      const block = Buffer.alloc(length);
      const whole = await handle.read(block, 0, length, at);
      yield framesOf(block.subarray(0, whole.bytesRead));
      at += length;
    }
  } finally {
    await handle?.close();
  }
}

/** Frames of a block, as far as they are there in full. */
export function framesOf(block: Buffer): SwitchFrame[] {
  const frames: SwitchFrame[] = [];
  let at = block.readUInt32LE(16);
  for (let left = block.readUInt32LE(12); left > 0; left--) {
    if (block.length < at + packetHeaderBytes) break;
    const start = at + block.readUInt16LE(at + 24);
    const end = start + block.readUInt32LE(at + 12);
    if (block.length < end) break;
    frames.push({
      seconds: block.readUInt32LE(at + 4),
      nanoseconds: block.readUInt32LE(at + 8),
      port: block.readUInt32LE(at + 52),
      isToNode: block.readUInt8(at + 58) === packetOutgoing,
      originalLength: block.readUInt32LE(at + 16),
      data: block.subarray(start, end),
    });
    const next = block.readUInt32LE(at);
    if (next === 0) break;
    at += next;
  }
  return frames;
}

const blockHeaderBytes = 48;
/** tpacket3_hdr (48) and sockaddr_ll (20). */
const packetHeaderBytes = 68;
/** PACKET_OUTGOING (linux/if_packet.h). */
const packetOutgoing = 4;
