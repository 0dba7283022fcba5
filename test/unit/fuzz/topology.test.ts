/** Topologies that are right can be planned and rendered, whatever they are; nothing in a plan is there twice. */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { addressesOf, eachOf } from '../../../src/base/families.ts';
import { contains, overlaps, parseAddress, parseSubnet, subnetSize } from '../../../src/base/ip.ts';
import { drawGraph, graphFormats } from '../../../src/graph/index.ts';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { labPaths, plumbLab } from '../../../src/lab/index.ts';
import {
  describePlan,
  type Plan,
  parseDocument,
  planTopology,
  topologyOf,
} from '../../../src/topology/index.ts';
import { longest, trying } from './rounds.ts';
import { asText, topologies, type Written } from './topologies.ts';

vi.setConfig({ testTimeout: longest });

const lab = labPaths('fuzz', '/home/user/.local/state/tierlab');
const programs = { directory: '/opt/tierlab/dist', node: '/usr/bin/node' };

test('whatever is right is planned, and no name, interface, address, MAC or port is there twice', () => {
  fc.assert(
    fc.property(topologies, (written) => {
      const plan = planned(written);
      expect(overlapsOf(plan)).toEqual([]);
    }),
    trying(100),
  );
});

test('no namespace gets two links of one name, and kinds tell all that they make there', () => {
  fc.assert(
    fc.property(topologies, (written) => {
      const plan = planned(written);
      const { files } = plumbLab(plan, lab, { kinds, programs, lanes: 2 });
      const links = [...files]
        .filter(([path]) => path.endsWith('.batch'))
        .flatMap(([path, text]) => linksOf(path, text));
      expect(twice(links)).toEqual([]);
      const own = plan.nodes.flatMap(({ name, kind, interfaces }) =>
        [...interfaces.map((each) => each.name), ...(kindTable[kind]?.devices ?? [])].map(
          (link) => `${name} ${link}`,
        ),
      );
      const inNodes = links.filter((link) => plan.nodes.some(({ name }) => link.startsWith(`${name} `)));
      expect(inNodes.filter((link) => !own.includes(link))).toEqual([]);
    }),
    trying(40),
  );
});

test('the same file gives the same plan, tables and pictures, and all of it is text of one topology', () => {
  fc.assert(
    fc.property(topologies, (written) => {
      const plan = planned(written);
      expect(planned(written)).toEqual(plan);
      for (const text of [
        describePlan(plan, kindTable),
        ...graphFormats.map((format) => drawGraph(plan, format)),
      ]) {
        expect(text).not.toMatch(/undefined|NaN|\[object/);
        for (const { name } of plan.nodes) expect(text).toContain(name);
      }
    }),
    trying(40),
  );
});

test('every session of a plan is seen alike from both of its ends, between two autonomous systems but for reflectors', () => {
  fc.assert(
    fc.property(topologies, (written) => {
      const plan = planned(written);
      const ends = plan.nodes.flatMap(({ asn, peers }) =>
        peers.map((peer) => ({
          here: `${peer.localAddress} ${asn} ${opposite[peer.role ?? 'external']}`,
          there: `${peer.address} ${peer.asn} ${peer.role ?? 'external'}`,
          wrong: (asn === peer.asn) !== (peer.role !== undefined),
        })),
      );
      const forth = ends.map(({ here, there }) => `${here} ${there}`).sort();
      const back = ends.map(({ here, there }) => `${there} ${here}`).sort();
      expect(forth).toEqual(back);
      expect(ends.filter(({ wrong }) => wrong)).toEqual([]);
    }),
    trying(40),
  );
});

const opposite = { external: 'external', reflector: 'client', client: 'reflector' } as const;

function planned(written: Written): Plan {
  return planTopology(topologyOf(parseDocument(asText(written), 'fuzz.yaml'), kindTable), kindTable);
}

function overlapsOf({ nodes, networks, services }: Plan): string[] {
  const interfaces = nodes.flatMap((node) => node.interfaces.map((each) => ({ ...each, node: node.name })));
  const ranges = [
    ...networks.flatMap(({ subnet }) => eachOf(subnet)),
    ...nodes.flatMap(({ sources }) => eachOf(sources)),
  ].map(parseSubnet);
  const own = interfaces.flatMap(addressesOf).map(({ address }) => address);
  const vips = [...new Set(services.map(({ vip }) => vip))];
  return [
    ...twice([...nodes.map(({ name }) => name), ...networks.map(({ name }) => name)]),
    ...twice(interfaces.map(({ node, name }) => `${node}:${name}`)),
    ...twice(networks.flatMap(({ name, members }) => members.map(({ node }) => `${name}:${node}`))),
    ...twice([...own, ...vips]),
    ...twice(interfaces.map(({ mac }) => mac)),
    ...twice(nodes.flatMap(({ routerId }) => routerId ?? [])),
    ...twice(services.map(({ vip, port }) => `${vip}:${port}`)),
    ...twice(services.map(({ name, vip }) => `${name} ${vip.includes(':')}`)),
    ...ranges.flatMap((one, i) =>
      ranges.slice(i + 1).flatMap((other) => (one && other && overlaps(one, other) ? [`${i} overlaps`] : [])),
    ),
    ...interfaces.flatMap((each) => {
      const subnets = eachOf(networks.find(({ name }) => name === each.network)?.subnet).map(parseSubnet);
      const all = addressesOf(each);
      const places = new Set<bigint>();
      const strangers = all.filter(({ address, prefixLength }, i) => {
        const subnet = subnets[i];
        const value = parseAddress(address);
        if (subnet === undefined || value === undefined) return true;
        const place = value.value - subnet.base;
        places.add(place);
        const last = subnet.family === 'ipv4' ? subnetSize(subnet) - 1n : -1n;
        return !contains(subnet, value) || subnet.length !== prefixLength || place === 0n || place === last;
      });
      return [
        ...strangers.map(({ address }) => `${address} is no host of ${each.network}`),
        ...(all.length === subnets.length && places.size === 1 ? [] : [`${each.name} has not one place`]),
      ];
    }),
    ...vips.filter((vip) => {
      const address = parseAddress(vip);
      return address === undefined || ranges.some((range) => range && contains(range, address));
    }),
  ];
}

/** Names of the links that a batch makes, each with the namespace that it is in. */
function linksOf(path: string, text: string): string[] {
  const here = path.replace(/^.*\/(.*)\.batch$/, '$1');
  return text.split('\n').flatMap((line) => {
    const made = /^link add name (\S+)/.exec(line)?.[1];
    if (made === undefined) return [];
    const peer = /peer name (\S+) .* netns (\S+)/.exec(line);
    const there = peer?.[2]?.replace(`tl-${lab.id}-`, '');
    return [`${here} ${made}`, ...(peer?.[1] === undefined ? [] : [`${there} ${peer[1]}`])];
  });
}

const twice = (all: readonly string[]): string[] => all.filter((one, i) => all.indexOf(one) !== i);
