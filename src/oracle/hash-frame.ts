import { familyOf, parseAddress } from '../base/ip.ts';
import type { AskedFlow } from './ask-routers.ts';

/** MAC address of the interface that a question comes in by. */
export const entranceMac = '02:00:00:00:00:02';

/**
 * A packet of a flow as it stands on the wire (Ethernet, then RFC 791 or RFC 8200, then RFC 9293), with a number in the place of
 * TCP's sequence number, on which no hash depends: so an answer is known by it.
 * @param number up to 2^32 - 1
 * @returns in hex. Without TCP's checksum, which routers do not look at
 */
export function hashFrame({ address, port, vip, vipPort }: AskedFlow, number: number): string {
  const tcp = [hex(port, 2), hex(vipPort, 2), hex(number, 4), hex(0, 4), '5010', hex(0, 6)].join('');
  const length = tcp.length / 2;
  const addresses = `${addressHex(address)}${addressHex(vip)}`;
  const [type, packet] =
    familyOf(vip) === 'ipv4'
      ? ['0800', ipv4Header(20 + length, addresses)]
      : ['86dd', `60000000${hex(length, 2)}0640${addresses}`];
  return `${entranceMac.replaceAll(':', '')}020000000001${type}${packet}${tcp}`;
}

/** With time to live 64 and protocol 6, TCP. */
function ipv4Header(length: number, addresses: string): string {
  const [before, after] = [`4500${hex(length, 2)}000000004006`, addresses];
  const words = `${before}${after}`.match(/.{4}/g) ?? [];
  const sum = words.reduce((total, word) => total + Number.parseInt(word, 16), 0);
  // RFC 1071: the carries are added as well.
  const folded = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  const checksum = 0xffff - ((folded % 0x1_0000) + Math.floor(folded / 0x1_0000));
  return `${before}${hex(checksum, 2)}${after}`;
}

function addressHex(text: string): string {
  const address = parseAddress(text);
  if (address === undefined) throw new RangeError(`${text} is no address`);
  return address.value.toString(16).padStart(address.family === 'ipv4' ? 8 : 32, '0');
}

const hex = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0');
