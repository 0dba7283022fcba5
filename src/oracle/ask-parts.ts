/**
 * A router's hash of a flow is secret, but a route tells where in its range it lies: one with so many next hops that each stands for
 * a part of the range. It stands in a table of its own, in which only packets with a mark are looked up; no packet has it,
 * and the hash does not depend on it (Linux net/ipv4/route.c, fib_multipath_custom_hash_skb: policy 3 hashes the fields that its mask names). So a
 * router can be asked today what it will do when it has other next hops.
 */
import type { AskedFlow, ExecIn, Question } from './ask-routers.ts';

/** More parts than that are not told apart. */
export const mostParts = 120;

/**
 * @param parts into how many parts, from 2 to `mostParts`, the range is divided
 * @returns the part in which each flow lies, from 0; in the flows' order
 * @param flows of IPv4: of IPv6 routes compute another hash (`askRouters`)
 * @throws Error if the router does not answer for every flow
 */
export async function askParts(
  exec: ExecIn,
  { router, interface: from }: Question,
  parts: number,
  flows: readonly AskedFlow[],
): Promise<readonly number[]> {
  const vips = [...new Set(flows.map(({ vip }) => vip))];
  const hops = Array.from({ length: parts }, (_, i) => `nexthop via ${stranger}${i + 1} dev ${from} onlink`);
  const run = (lines: readonly string[]): ReturnType<ExecIn> =>
    exec(router, ['ip', '-o', '-4', '-force', '-batch', '-'], {
      input: lines.map((line) => `${line}\n`).join(''),
    });
  try {
    await run([
      ...vips.map((vip) => `route replace ${vip}/32 table ${mark} ${hops.join(' ')}`),
      `rule add fwmark ${mark} lookup ${mark}`,
    ]);
    const { stdout, stderr } = await run(
      flows.map(
        ({ address, port, vip, vipPort }) =>
          `route get ${vip} from ${address} iif ${from} mark ${mark} ipproto tcp sport ${port} dport ${vipPort}`,
      ),
    );
    const found = [...stdout.matchAll(/^\S+ from .*? via (\S+)/gm)].flatMap(([, via = '']) =>
      via.startsWith(stranger) ? [Number(via.slice(stranger.length)) - 1] : [],
    );
    if (found.length === flows.length) return found;
    throw new Error(`${router} told the hash of ${found.length} of ${flows.length} flows: ${stderr.trim()}`);
  } finally {
    await run([`rule delete fwmark ${mark}`, `route flush table ${mark}`]);
  }
}

/** Addresses that nobody has. */
const stranger = '169.254.77.';
/** Of the question, and number of its table. */
const mark = 7746;
