/** What a frame carries in the end: below tunnels, and below an ICMP error that quotes it. Either family, in any order. */
import { bitsOf, parseAddress } from '../base/ip.ts';

/** A TCP segment, as much of it as tells whose it is. */
export interface Segment {
  readonly source: End;
  readonly destination: End;
  /** Bits as in RFC 9293, 3.1; 0 where they were cut off, or it is only quoted. */
  readonly flags: number;
  /** The frame is an ICMP error about it. */
  readonly isQuoted: boolean;
}

/** An address and a port, to be compared with `endOf` only. */
export type End = string;

export const flagFin = 0x01;
export const flagSyn = 0x02;
export const flagRst = 0x04;

/** @returns undefined if there is none, or what is kept of the frame does not reach to its ports */
export function segmentOf(frame: Buffer): Segment | undefined {
  if (frame.length < 14) return undefined;
  const next = protocolOfEthertype.get(frame.readUInt16BE(12));
  return next === undefined ? undefined : inside(frame, 14, next, false);
}

/** @param address of either family @throws Error if it is none */
export function endOf(address: string, port: number): End {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  const digits = parsed.value.toString(16).padStart(bitsOf(parsed.family) / 4, '0');
  return end(Buffer.from(digits, 'hex'), port);
}

/** Numbers of protocols: IANA's, for IPv4 and IPv6 alike. */
const protocols = { icmp: 1, ipv4: 4, tcp: 6, ipv6: 41, icmp6: 58 } as const;
const protocolOfEthertype = new Map<number, number>([
  [0x0800, protocols.ipv4],
  [0x86dd, protocols.ipv6],
]);

function inside(frame: Buffer, at: number, protocol: number, isQuoted: boolean): Segment | undefined {
  if (protocol === protocols.ipv4) return insideIpv4(frame, at, isQuoted);
  if (protocol === protocols.ipv6) return insideIpv6(frame, at, isQuoted);
  return undefined;
}

function insideIpv4(frame: Buffer, at: number, isQuoted: boolean): Segment | undefined {
  if (frame.length < at + 20) return undefined;
  // Only the first fragment has the ports.
  if ((frame.readUInt16BE(at + 6) & 0x1fff) !== 0) return undefined;
  const payload = at + (frame.readUInt8(at) & 15) * 4;
  const protocol = frame.readUInt8(at + 9);
  const addresses = [frame.subarray(at + 12, at + 16), frame.subarray(at + 16, at + 20)] as const;
  if (protocol === protocols.tcp) return tcp(frame, payload, addresses, isQuoted);
  if (protocol === protocols.icmp) return quoted(frame, payload, errorsOfIcmp, protocols.ipv4, isQuoted);
  return inside(frame, payload, protocol, isQuoted);
}

function insideIpv6(frame: Buffer, at: number, isQuoted: boolean): Segment | undefined {
  if (frame.length < at + 40) return undefined;
  const addresses = [frame.subarray(at + 8, at + 24), frame.subarray(at + 24, at + 40)] as const;
  let protocol = frame.readUInt8(at + 6);
  let payload = at + 40;
  // A tunnel's entry limits nesting by a header of options (RFC 2473, 4.1.1).
  while (extensionHeaders.has(protocol)) {
    if (frame.length < payload + 8) return undefined;
    const isFragment = protocol === fragmentHeader;
    if (isFragment && frame.readUInt16BE(payload + 2) >>> 3 !== 0) return undefined;
    protocol = frame.readUInt8(payload);
    payload += isFragment ? 8 : (frame.readUInt8(payload + 1) + 1) * 8;
  }
  if (protocol === protocols.tcp) return tcp(frame, payload, addresses, isQuoted);
  if (protocol === protocols.icmp6) return quoted(frame, payload, errorsOfIcmp6, protocols.ipv6, isQuoted);
  return inside(frame, payload, protocol, isQuoted);
}

/** Hop-by-hop options, routing, fragment, destination options (RFC 8200, 4). */
const fragmentHeader = 44;
const extensionHeaders = new Set([0, 43, fragmentHeader, 60]);

/** Unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792). */
const errorsOfIcmp = new Set([3, 4, 5, 11, 12]);
/** Unreachable, too big, time exceeded, parameter problem (RFC 4443). */
const errorsOfIcmp6 = new Set([1, 2, 3, 4]);

function quoted(
  frame: Buffer,
  at: number,
  errors: ReadonlySet<number>,
  family: number,
  isQuoted: boolean,
): Segment | undefined {
  if (isQuoted || frame.length < at + 8 || !errors.has(frame.readUInt8(at))) return undefined;
  return inside(frame, at + 8, family, true);
}

function tcp(
  frame: Buffer,
  at: number,
  [source, destination]: readonly [Buffer, Buffer],
  isQuoted: boolean,
): Segment | undefined {
  if (frame.length < at + 4) return undefined;
  return {
    source: end(source, frame.readUInt16BE(at)),
    destination: end(destination, frame.readUInt16BE(at + 2)),
    flags: isQuoted || frame.length < at + 14 ? 0 : frame.readUInt8(at + 13),
    isQuoted,
  };
}

const end = (address: Buffer, port: number): End => `${address.toString('latin1')}:${port}`;
