/**
 * Turns what tcpdump writes (pcap, draft-ietf-opsawg-pcap) into pcapng, which says where the packets were seen. As they
 * come: a reader such as Wireshark follows.
 */
import { Transform } from 'node:stream';
import { description, packet, section } from './pcapng.ts';

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
export function pcapng({ application, clockAheadMs, filter, interface: name }: CaptureFacts): Transform {
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
        this.push(section(application));
        const facts = { name, linkType: rest.readUInt16LE(20), snapLength: rest.readUInt32LE(16) };
        const { exponent } = unit;
        this.push(description({ ...facts, exponent, ...(filter === undefined ? {} : { filter }) }));
        rest = rest.subarray(fileHeaderBytes);
      }
      while (rest.length >= packetHeaderBytes) {
        const length = rest.readUInt32LE(8);
        const end = packetHeaderBytes + length;
        if (rest.length < end) break;
        const stamped = BigInt(rest.readUInt32LE(0)) * perSecond + BigInt(rest.readUInt32LE(4));
        const ahead = (BigInt(Math.round(clockAheadMs * 1000)) * perSecond) / 1_000_000n;
        const data = rest.subarray(packetHeaderBytes, end);
        const originalLength = rest.readUInt32LE(12);
        this.push(packet({ interface: 0, ticks: stamped - ahead, originalLength, data }));
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
