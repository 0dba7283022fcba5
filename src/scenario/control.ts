import type { z } from 'zod';
import type { KindTable, NodeGroup, Topology } from '../topology/index.ts';

/** The topology of the control: the same, but for the options that `set` names (`l4.sloppy_tcp`). Expects a checked scenario. */
export function withControl(
  topology: Topology,
  set: Readonly<Record<string, unknown>>,
  kinds: KindTable,
): Topology {
  const changes = Object.entries(set).map(([key, value]) => {
    const { group, option, schema } = readOption(topology, kinds, key);
    if (group === undefined || schema === undefined)
      throw new Error(`the control sets ${key}, which is not there`);
    return { group: group.name, option, value: (schema as z.ZodType).parse(value) };
  });
  return {
    ...topology,
    nodes: topology.nodes.map((group) => {
      const own = changes
        .filter((change) => change.group === group.name)
        .map(({ option, value }) => [option, value]);
      return own.length === 0
        ? group
        : { ...group, options: { ...group.options, ...Object.fromEntries(own) } };
    }),
  };
}

/** Is an entry left out of the control, by its own name or by that of what it undoes? */
export function skipped(skip: readonly string[], name: string, of: unknown): boolean {
  return skip.includes(name) || (typeof of === 'string' && skip.includes(of));
}

export interface WrittenOption {
  /** Absent if there is no such group. */
  readonly group?: NodeGroup;
  readonly option: string;
  /** Absent if the group's kind has no such option. */
  readonly schema?: z.core.$ZodType;
  readonly known: readonly string[];
}

/** Looks `group.option` up. */
export function readOption(topology: Topology, kinds: KindTable, key: string): WrittenOption {
  const dot = key.indexOf('.');
  const option = key.slice(dot + 1);
  const group = topology.nodes.find(({ name }) => name === key.slice(0, Math.max(0, dot)));
  if (group === undefined) return { option, known: [] };
  const shape: Readonly<Record<string, z.core.$ZodType>> = kinds[group.kind]?.options.shape ?? {};
  const schema = Object.hasOwn(shape, option) ? shape[option] : undefined;
  return { group, option, ...(schema === undefined ? {} : { schema }), known: Object.keys(shape) };
}
