import { groupBy } from '../base/group-by.ts';
import { suggest } from '../base/suggest.ts';
import type { Check } from './check.ts';
import { writtenKinds } from './schema.ts';
import { relationOf, roleOf } from './sessions.ts';
import type { KindTable, NodeGroup } from './types.ts';

/** Networks, services and groups that nodes name must be there, and fit. */
export function checkReferences(check: Check): void {
  const networks = new Set(check.topology.networks.map(({ name }) => name));
  const services = new Set(check.topology.services.map(({ name }) => name));
  for (const group of check.topology.nodes) {
    checkList(check, group, 'networks', 'network', networks);
    checkList(check, group, 'serves', 'service', services);
    checkTo(check, group);
  }
  checkNeighbours(check);
}

function checkList(
  { problem }: Check,
  group: NodeGroup,
  key: 'networks' | 'serves',
  what: string,
  known: ReadonlySet<string>,
): void {
  const names = group[key];
  names.forEach((name, i) => {
    const path = ['nodes', group.name, key, i];
    if (!known.has(name))
      problem(path, `unknown ${what} "${name}"`, suggest(name, [...known], `known ${what}s`));
    else if (names.indexOf(name) < i) problem(path, `the ${what} "${name}" is named twice`);
  });
}

function checkTo({ groups, kinds, topology, problem }: Check, { name, kind, to, networks }: NodeGroup): void {
  if (to === undefined) return;
  const path = ['nodes', name, 'to'];
  const target = groups.get(to);
  if (target === undefined) {
    problem(
      path,
      `unknown group "${to}"`,
      suggest(
        to,
        topology.nodes.map((group) => group.name).filter((other) => other !== name),
        'known groups',
      ),
    );
    return;
  }
  const takers = takersOf(kind, kinds);
  if (target.name === name) problem(path, `"${name}" passes its services on to itself`);
  else if (!takers.includes(target.kind)) {
    problem(
      path,
      `kind ${kind} cannot pass services on to "${to}", which is of kind ${target.kind}`,
      `kinds it can pass them to: ${takers.join(', ')}`,
    );
  } else if (!networks.some((network) => target.networks.includes(network))) {
    problem(
      path,
      `"${name}" and "${to}" have no network in common`,
      `${name} is on ${networks.join(', ')}; ${to} is on ${target.networks.join(', ')}`,
    );
  }
}

/** Kinds that a kind can pass services on to: those it names itself, else all but routers and clients. */
function takersOf(kind: string, kinds: KindTable): readonly string[] {
  const named = kinds[kind]?.passesTo ?? [];
  if (named.length > 0) return named;
  return writtenKinds(kinds)
    .filter(({ bgp, keys }) => bgp !== 'router' && keys.sources === undefined)
    .map(({ name }) => name);
}

/** Groups that have external BGP sessions with each other need different autonomous systems. */
function checkNeighbours({ topology, kinds, problem }: Check): void {
  const groups = topology.nodes.map((group) => ({ ...group, role: roleOf(group, kinds[group.kind]) }));
  const reflectors = groups.filter(({ role }) => role === 'reflector');
  const sameAs = groupBy(groups, ({ asn }) => (asn === undefined ? [] : [asn]));
  for (const group of groups) {
    if (group.asn === undefined) continue;
    const alike = sameAs.get(group.asn) ?? [];
    const other = alike
      .slice(0, alike.indexOf(group))
      .find((one) =>
        one.networks.some(
          (network) =>
            group.networks.includes(network) && relationOf(one, group, network, reflectors) === 'external',
        ),
      );
    if (other === undefined) continue;
    problem(
      ['nodes', group.name, 'asn'],
      `AS ${group.asn} is that of "${other.name}" too, and the two have BGP sessions with each other`,
      'give each group an AS of its own',
    );
  }
}
