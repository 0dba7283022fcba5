/** Frames made by hand, of just as many fields as are looked at. */

export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly fromPort?: number;
  readonly toPort?: number;
}

export const client = { address: '203.0.113.9', port: 41_000 };
export const service = { address: '198.51.100.1', port: 80 };
export const client6 = { address: '2001:db8:cafe::9', port: 41_000 };
export const service6 = { address: '2001:db8::1', port: 80 };

export const macs = { r: '020000000001', l4: '020000000002', l7: '020000000003', other: '020000000009' };

export function ethernet(payload: Buffer, from = macs.r, to = macs.l4): Buffer {
  const isIpv6 = payload.readUInt8(0) >>> 4 === 6;
  return Buffer.concat([Buffer.from(`${to}${from}${isIpv6 ? '86dd' : '0800'}`, 'hex'), payload]);
}

export function ipv4(from: string, to: string, protocol: number, payload: Buffer, fragment = 0): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt8(0x45, 0);
  head.writeUInt16BE(20 + payload.length, 2);
  head.writeUInt16BE(fragment, 6);
  head.writeUInt8(64, 8);
  head.writeUInt8(protocol, 9);
  Buffer.from(from.split('.').map(Number)).copy(head, 12);
  Buffer.from(to.split('.').map(Number)).copy(head, 16);
  return Buffer.concat([head, payload]);
}

/** @param from and to as 32 hexadecimal digits */
export function ipv6(from: string, to: string, nextHeader: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(0x60, 0);
  head.writeUInt16BE(payload.length, 4);
  head.writeUInt8(nextHeader, 6);
  head.writeUInt8(64, 7);
  return Buffer.concat([head, Buffer.from(from, 'hex'), Buffer.from(to, 'hex'), payload]);
}

export function tcp(fromPort: number, toPort: number, flags: number): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt16BE(fromPort, 0);
  head.writeUInt16BE(toPort, 2);
  head.writeUInt8(0x50, 12);
  head.writeUInt8(flags, 13);
  return head;
}

/** Of an ICMP error of either family: type, code, checksum, and four bytes that depend. */
export const icmp = (type: number, code: number, quoted: Buffer): Buffer =>
  Buffer.concat([Buffer.of(type, code, 0, 0, 0, 0, 0, 0), quoted]);

/** From the client to the service, or back. */
export const request = (flags = 0x18, port = client.port): Buffer =>
  ipv4(client.address, service.address, 6, tcp(port, service.port, flags));
export const answer = (flags = 0x18, port = client.port): Buffer =>
  ipv4(service.address, client.address, 6, tcp(service.port, port, flags));
