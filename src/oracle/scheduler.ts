/** How an L4 node of a plan chooses the L7 of a flow. */
import { matching } from '../base/families.ts';
import { familyOf } from '../base/ip.ts';
import type { Plan, PlannedNode, Service } from '../topology/types.ts';
import { buildTable, lookup } from './mh.ts';
import type { Server } from './server.ts';
import { buildSourceTable, lookupSource } from './sh.ts';

/** @returns the name of the L7; undefined: none takes the flow. `down`: L7 nodes whose weight is 0 now. */
export type Choose = (address: string, port: number, down?: ReadonlySet<string>) => string | undefined;

/**
/**
 * @param service its servers are those of its VIP's family, on its port
 * @returns undefined if the choice depends on more than the flow and the servers (`rr`)
 */
export function chooserOf(
  node: Pick<PlannedNode, 'options' | 'targets'>,
  service: Pick<Service, 'vip' | 'port' | 'scheduler'>,
): Choose | undefined {
  const { vip, port } = service;
  const targets = matching(node.targets, vip);
  const servers = targets.map(({ address }): Server => ({ address, port, weight: 1 }));
  const available = (down?: ReadonlySet<string>): boolean[] | undefined =>
    down === undefined ? undefined : targets.map(({ node }) => !down.has(node));
  const name = (place: number | undefined): string | undefined =>
    place === undefined ? undefined : targets[place]?.node;
  const scheduler = schedulerOf(node, service);
  if (scheduler === 'mh') {
    const table = buildTable(servers);
    return (address, from, down) => name(lookup(table, address, from, withDown(available(down))));
  }
  if (scheduler === 'sh') {
    const table = buildSourceTable(servers);
    return (address, from, down) => name(lookupSource(table, address, from, withDown(available(down))));
  }
  return undefined;
}

/** A service may have a scheduler of its own. */
export const schedulerOf = (
  { options }: Pick<PlannedNode, 'options'>,
  { scheduler }: Pick<Service, 'scheduler'>,
): unknown => scheduler ?? options.scheduler;
/** The VIP of a service that a client with that address uses. */
export const serviceFor = ({ services }: Plan, service: string, client: string): Service | undefined =>
  services.find(({ name, vip }) => name === service && familyOf(vip) === familyOf(client));

const withDown = (available: boolean[] | undefined): { available?: boolean[] } =>
  available === undefined ? {} : { available };
