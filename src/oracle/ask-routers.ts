/**
 * A live router says itself which next hop a flow has: `ip route get` with the flow's addresses, ports and protocol runs
 * the same hash over a packet made up for it (Linux net/ipv4/route.c, inet_rtm_getroute), policy 3 included.
 *
 * For IPv6 it computes another number than for a packet, without the last step that mixes in the inner headers (net/ipv6/route.c,
 * inet6_rtm_getroute and rt6_multipath_hash): what it says of a flow is as good as chance. So IPv6 is asked with packets (`askParts`).
 */

/** Runs a program in a router's namespace. */
export type ExecIn = (
  router: string,
  argv: readonly string[],
  options: { readonly input: string },
) => Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }>;

export interface Question {
  readonly router: string;
  /** Where the packets come in: an interface of the router on the side of the clients. */
  readonly interface: string;
}

export interface AskedFlow {
  readonly address: string;
  readonly port: number;
  readonly vip: string;
  readonly vipPort: number;
}

/**
 * Asks each router once, for all flows, which are of IPv4. One process a router; 500 flows take a guest a quarter of a second.
 * @returns by router: the address of the next hop of each flow, in the flows' order
 * @throws Error if a router does not answer for every flow
 */
export async function askRouters(
  exec: ExecIn,
  questions: readonly Question[],
  flows: readonly AskedFlow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const answers = await Promise.all(
    questions.map(async ({ router, interface: from }): Promise<[string, readonly string[]]> => {
      const input = flows.map(
        ({ address, port, vip, vipPort }) =>
          `route get ${vip} from ${address} iif ${from} ipproto tcp sport ${port} dport ${vipPort}\n`,
      );
      const { exitCode, stdout, stderr } = await exec(router, ['ip', '-o', '-4', '-batch', '-'], {
        input: input.join(''),
      });
      const hops = [...stdout.matchAll(/^\S+ from .*? via (\S+)/gm)].map(([, via = '']) => via);
      if (exitCode !== 0 || hops.length !== flows.length)
        throw new Error(
          `${router} named the way of ${hops.length} of ${flows.length} flows: ${stderr.trim()}`,
        );
      return [router, hops];
    }),
  );
  return new Map(answers);
}
