/**
 * Turns what tcpdump writes (pcap, draft-ietf-opsawg-pcap) into pcapng (draft-ietf-opsawg-pcapng), which says where the
 * packets were seen. As they come: a reader such as Wireshark follows.
 */
import { Transform } from 'node:stream';

export interface CaptureFacts {
  /** Where: `l4-1:fabric`. */
  readonly interface: string;
  /** What was asked for, in tcpdump's language. */
  readonly filter?: string;
  /** Program and version. */
  readonly application: string;
  /** By how much the clock that stamped the packets is ahead of ours, ms. */
  readonly clockAheadMs: number;
}

/** @returns a stream that fails with an Error if what comes is no pcap of a machine with little-endian byte order */
export function pcapng(facts: CaptureFacts): Transform {
  let rest: Buffer = Buffer.alloc(0);
  let perSecond = 0n;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (perSecond === 0n) {
        if (rest.length < fileHeaderBytes) return done();
        const unit = units.get(rest.readUInt32LE(0));
        if (unit === undefined) return done(new Error('tcpdump wrote no pcap'));
        perSecond = unit.perSecond;
        this.push(section(facts));
        this.push(description(facts, rest.readUInt16LE(20), rest.readUInt32LE(16), unit.exponent));
        rest = rest.subarray(fileHeaderBytes);
      }
      while (rest.length >= packetHeaderBytes) {
        const length = rest.readUInt32LE(8);
        const end = packetHeaderBytes + length;
        if (rest.length < end) break;
        const ticks = BigInt(rest.readUInt32LE(0)) * perSecond + BigInt(rest.readUInt32LE(4));
        const ahead = (BigInt(Math.round(facts.clockAheadMs * 1000)) * perSecond) / 1_000_000n;
        this.push(packet(ticks - ahead, rest.readUInt32LE(12), rest.subarray(packetHeaderBytes, end)));
        rest = rest.subarray(end);
      }
      done();
    },
  });
}

const fileHeaderBytes = 24;
const packetHeaderBytes = 16;

/** By magic number: microseconds or nanoseconds. */
const units = new Map([
  [0xa1b2c3d4, { perSecond: 1_000_000n, exponent: 6 }],
  [0xa1b23c4d, { perSecond: 1_000_000_000n, exponent: 9 }],
]);

/** Section Header Block; its length is not known beforehand (-1). */
function section({ application }: CaptureFacts): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return block(0x0a0d0d0a, body, [option(optionUserApplication, Buffer.from(application)), endOfOptions]);
}

/** Interface Description Block. */
function description(facts: CaptureFacts, linkType: number, snapLength: number, exponent: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkType, 0);
  body.writeUInt32LE(snapLength, 4);
  return block(1, body, [
    option(optionName, Buffer.from(facts.interface)),
    option(optionResolution, Buffer.of(exponent)),
    // A filter's first byte says how it is written; 0: as text for libpcap.
    ...(facts.filter === undefined
      ? []
      : [option(optionFilter, Buffer.concat([Buffer.of(0), Buffer.from(facts.filter)]))]),
    endOfOptions,
  ]);
}

/** Enhanced Packet Block of the only interface. */
function packet(ticks: bigint, originalLength: number, data: Buffer): Buffer {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(Number(ticks >> 32n), 4);
  body.writeUInt32LE(Number(ticks & 0xffff_ffffn), 8);
  body.writeUInt32LE(data.length, 12);
  body.writeUInt32LE(originalLength, 16);
  return block(6, body, [padded(data)]);
}

const optionName = 2;
const optionUserApplication = 4;
const optionResolution = 9;
const optionFilter = 11;
const endOfOptions = Buffer.alloc(4);

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, padded(value)]);
}

/** Type, length, content, and the length again. */
function block(type: number, body: Buffer, rest: readonly Buffer[]): Buffer {
  const content = Buffer.concat([body, ...rest]);
  const length = content.length + 12;
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(length, 0);
  return Buffer.concat([head, content, tail]);
}

/** To a multiple of four bytes. */
const padded = (data: Buffer): Buffer => Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
