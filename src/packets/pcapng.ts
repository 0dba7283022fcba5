/** Blocks of a capture file as Wireshark reads it: pcapng (draft-ietf-opsawg-pcapng), little-endian. */

export interface InterfaceFacts {
  /** Where packets are seen: `l4-1:fabric`. */
  readonly name: string;
  /** What was asked for, in tcpdump's language. */
  readonly filter?: string;
  /** LINKTYPE_… of libpcap; 1: Ethernet. */
  readonly linkType: number;
  /** Bytes of each packet that are kept at most. */
  readonly snapLength: number;
  /** Times count in units of 10 to the minus this, in seconds: 6 or 9. */
  readonly exponent: number;
}

export interface PacketFacts {
  /** Place among the file's interfaces, from 0. */
  readonly interface: number;
  /** Since the epoch, in the interface's unit. */
  readonly ticks: bigint;
  readonly originalLength: number;
  readonly data: Buffer;
  /** As the interface's own node sees it. */
  readonly direction?: 'received' | 'sent';
}

/** Section Header Block; its length is not known beforehand (-1). @param application program and version */
export function section(application: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(0x1a2b3c4d, 0);
  body.writeUInt16LE(1, 4);
  body.writeBigInt64LE(-1n, 8);
  return block(0x0a0d0d0a, body, [option(optionUserApplication, Buffer.from(application)), endOfOptions]);
}

/** Interface Description Block. */
export function description({ name, filter, linkType, snapLength, exponent }: InterfaceFacts): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkType, 0);
  body.writeUInt32LE(snapLength, 4);
  return block(1, body, [
    option(optionName, Buffer.from(name)),
    option(optionResolution, Buffer.of(exponent)),
    // A filter's first byte says how it is written; 0: as text for libpcap.
    ...(filter === undefined
      ? []
      : [option(optionFilter, Buffer.concat([Buffer.of(0), Buffer.from(filter)]))]),
    endOfOptions,
  ]);
}

/** Enhanced Packet Block. */
export function packet({ ticks, originalLength, data, direction, interface: at }: PacketFacts): Buffer {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(at, 0);
  body.writeUInt32LE(Number(ticks >> 32n), 4);
  body.writeUInt32LE(Number(ticks & 0xffff_ffffn), 8);
  body.writeUInt32LE(data.length, 12);
  body.writeUInt32LE(originalLength, 16);
  const flags =
    direction === undefined
      ? []
      : [option(optionFlags, Buffer.of(direction === 'received' ? 1 : 2, 0, 0, 0)), endOfOptions];
  return block(6, body, [padded(data), ...flags]);
}

const optionName = 2;
/** Of a packet: the lowest two bits are its direction. */
const optionFlags = 2;
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
