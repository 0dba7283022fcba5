import type { KindTable } from '../topology/types.ts';
import { bird } from './bird/index.ts';
import { client } from './client/index.ts';
import type { Kind } from './contract.ts';
import { haproxy } from './haproxy/index.ts';
import { ipvs } from './ipvs/index.ts';
import { networkSwitch } from './switch/index.ts';
import { web } from './web/index.ts';

/** All node kinds by name. */
export const kinds: Readonly<Record<string, Kind>> = {
  bird,
  client,
  haproxy,
  ipvs,
  switch: networkSwitch,
  web,
};

/** What the topology stage needs to know of them. */
export const kindTable: KindTable = Object.fromEntries(
  Object.entries(kinds).map(([name, { traits }]) => [name, traits]),
);
