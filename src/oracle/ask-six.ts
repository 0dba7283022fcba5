import type { PlannedNode } from '../topology/types.ts';
import { askParts } from './ask-parts.ts';
import type { AskedFlow, ExecIn } from './ask-routers.ts';
import { groupOf } from './fabric.ts';

/**
 * The next hop of each flow of IPv6 at routers that cannot be asked for it (`askRouters`): its place among the next hops of the router's
 * route is that of the flow in the range of the hash, which the kernel tells (`askParts`; Linux net/ipv6/route.c, fib6_select_path).
 * One process a router and one for the hashes. Of a router with a written group, of a dead one, and of all where the kernel does not tell, nothing.
 * @param client any node that is alive
 * @param flows all to one VIP
 * @returns by router: the address of the next hop of each flow, in the flows' order
 */
export async function askSix(
  exec: ExecIn,
  client: string,
  routers: readonly PlannedNode[],
  flows: readonly AskedFlow[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const vip = flows[0]?.vip ?? '';
  const found = await Promise.all(
    routers
      .filter((router) => groupOf(router) === 'bgp')
      .map(async ({ name, hashFields: mask }) => {
        const hops = await hopsTo(exec, name, vip).catch(() => []);
        return { router: name, mask, parts: hops.length, hops };
      }),
  );
  const open = found.filter(({ parts }) => parts > 1);
  const told = await askParts(exec, client, open, flows).catch(() => new Map<string, readonly number[]>());
  return new Map(
    found.flatMap(({ router, hops }): [string, readonly string[]][] => {
      const parts = hops.length === 1 ? flows.map(() => 0) : told.get(router);
      return parts === undefined || hops.length === 0
        ? []
        : [[router, parts.map((part) => hops[part] ?? '')]];
    }),
  );
}

/** Addresses of the next hops in the kernel's order. */
async function hopsTo(exec: ExecIn, router: string, vip: string): Promise<readonly string[]> {
  const { exitCode, stdout } = await exec(router, ['ip', '-6', '-json', 'route', 'show', vip], { input: '' });
  if (exitCode !== 0) return [];
  const [route] = JSON.parse(stdout || '[]') as (Hop & { readonly nexthops?: readonly Hop[] })[];
  return (route?.nexthops ?? (route === undefined ? [] : [route])).flatMap(({ gateway }) => gateway ?? []);
}

interface Hop {
  readonly gateway?: string;
}
