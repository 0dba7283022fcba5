/**
 * What IPVS says by generic netlink (Linux include/uapi/linux/ip_vs.h: IPVS_CMD_*, IPVS_CMD_ATTR_*, IPVS_SVC_ATTR_*, IPVS_DEST_ATTR_*; net/netfilter/ipvs/ip_vs_ctl.c,
 * ip_vs_genl_dump_dests). A message has a header of 16 bytes, its length first, and one of 4; an attribute has one of 4, length and type,
 * and is padded to 4 bytes. All in the machine's order of bytes, little-endian on those that labs run on, but for addresses and ports.
 */
import { bitsOf, endpoint, type Family, familyOf, formatAddress, parseAddress } from '../../base/ip.ts';
import type { Service } from '../../topology/types.ts';

export interface ServerEntry {
  /** `address:port` of the virtual server. */
  readonly service: string;
  readonly address: string;
  /** 0: takes no new flows. */
  readonly weight: number;
  readonly active: number;
  readonly inactive: number;
}

type VirtualServer = Pick<Service, 'vip' | 'port'>;

/** Asks for all servers of a service. */
export function serversOf({ vip, port }: VirtualServer): Buffer {
  const service = [
    attribute(serviceAttributes.family, short(familyNumbers[familyOf(vip)])),
    attribute(serviceAttributes.protocol, short(tcp)),
    attribute(serviceAttributes.address, addressBytes(vip)),
    attribute(serviceAttributes.port, Buffer.from([port >> 8, port & 255])),
  ];
  return Buffer.concat([
    Buffer.from([commands.getServers, version, 0, 0]),
    attribute(commandAttributes.service, Buffer.concat(service)),
  ]);
}

/** Reads the answer to `serversOf`; of a service that IPVS does not know there is nothing to read. */
export function parseServers({ vip, port }: VirtualServer, messages: Buffer): ServerEntry[] {
  return messagesIn(messages).flatMap((message) => {
    const server = attributesIn(message).get(commandAttributes.server);
    if (server === undefined) return [];
    const values = attributesIn(server);
    const number = (type: number): number => values.get(type)?.readUInt32LE() ?? 0;
    return [
      {
        service: endpoint(vip, port),
        // A server has an address of the service's family: a tunnel through the other one is not set up here.
        address: addressOf(values.get(serverAttributes.address), familyOf(vip)),
        weight: number(serverAttributes.weight),
        active: number(serverAttributes.active),
        inactive: number(serverAttributes.inactive),
      },
    ];
  });
}

const version = 1;
const tcp = 6;
const commands = { getServers: 8 } as const;
const commandAttributes = { service: 1, server: 2 } as const;
const serviceAttributes = { family: 1, protocol: 2, address: 3, port: 4 } as const;
const serverAttributes = { address: 1, weight: 4, active: 7, inactive: 8 } as const;
/** AF_INET, AF_INET6 */
const familyNumbers: Readonly<Record<Family, number>> = { ipv4: 2, ipv6: 10 };

/** Marks of an attribute's type: that others are in it, that it is in network order. */
const typeMask = 0x3fff;

function* cut(bytes: Buffer, lengthAt: (at: number) => number, headerBytes: number): Generator<Buffer> {
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const length = lengthAt(at);
    if (length < headerBytes) return;
    yield bytes.subarray(at, at + length);
    at += (length + 3) & ~3;
  }
}

/** What follows the two headers of each. */
const messagesIn = (bytes: Buffer): Buffer[] =>
  [...cut(bytes, (at) => bytes.readUInt32LE(at), 16)].map((message) => message.subarray(20));

const attributesIn = (bytes: Buffer): ReadonlyMap<number, Buffer> =>
  new Map(
    [...cut(bytes, (at) => bytes.readUInt16LE(at), 4)].map((found) => [
      found.readUInt16LE(2) & typeMask,
      found.subarray(4),
    ]),
  );

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  value.copy(bytes, 4);
  return bytes;
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

/** Always 16 bytes (union nf_inet_addr), of which IPv4 uses the first four. */
function addressBytes(text: string): Buffer {
  const found = parseAddress(text);
  if (found === undefined) throw new Error(`${text} is no address`);
  const digits = found.value.toString(16).padStart(bitsOf(found.family) / 4, '0');
  return Buffer.from(digits.padEnd(32, '0'), 'hex');
}

function addressOf(bytes: Buffer | undefined, family: Family): string {
  const digits = bytes?.subarray(0, bitsOf(family) / 8).toString('hex');
  return formatAddress({ family, value: BigInt(`0x${digits || '0'}`) });
}
