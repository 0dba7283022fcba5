/** A lab without daemons, on a kernel that lacks things. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { kindsOf, labPaths, leftOut, type PlumbingOptions, plumbLab } from '../../../src/lab/index.ts';
import { generateTopology, parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';

const text = generateTopology({ name: 'big', routers: 2, l4: 3, l7: 4, web: 5 });
const plan = planTopology(topologyOf(parseDocument(text, 'big.yaml'), kindTable), kindTable);
const lab = labPaths('big', '/home/user/.local/state/tierlab');
const options: PlumbingOptions = {
  kinds,
  programs: { directory: '/opt/tierlab/dist', node: '/usr/bin/node' },
  lanes: 2,
};
const lacking = {
  linkTypes: ['ipip', 'dummy'],
  objects: [],
  sysctls: ['net/ipv4/vs/sloppy_tcp', 'net/ipv4/vs/schedule_icmp'],
};
const plumbed = plumbLab(plan, lab, { ...options, kinds: kindsOf(kinds, lacking) });

test('what is left out is told with its count, a thing a line', () => {
  expect(leftOut(plan, lab, options, lacking)).toEqual([
    { what: 'link of type dummy', count: 3, nodes: { l4: 3 } },
    { what: 'sysctl in net/ipv4/vs', count: 6, nodes: { l4: 3 } },
    { what: 'link of type ipip', count: 4, nodes: { l7: 4 } },
    { what: 'daemon bird', count: 10, nodes: { edge: 1, r: 2, l4: 3, l7: 4 } },
    { what: 'daemon keepalived', count: 3, nodes: { l4: 3 } },
    { what: 'daemon haproxy', count: 4, nodes: { l7: 4 } },
    { what: 'daemon web', count: 1, nodes: { web: 5 } },
  ]);
});

test('on a kernel that lacks nothing only daemons are left out', () => {
  const nothing = { linkTypes: [], objects: [], sysctls: [] };
  const told = leftOut(plan, lab, options, nothing).map(({ what }) => what);
  expect(told).toEqual(['daemon bird', 'daemon keepalived', 'daemon haproxy', 'daemon web']);
});

test('nothing runs, nothing is configured, and every node has its cables, addresses and other sysctls', () => {
  const { files } = plumbed;
  const steps = files.get(join(lab.plumbing, 'up.steps')) ?? '';
  expect(steps).not.toMatch(/^start/m);
  expect([...files.keys()].filter((file) => !file.startsWith(`${lab.plumbing}/`))).toEqual([]);
  expect(steps.match(/^enter/gm)).toHaveLength(plan.nodes.length + plan.networks.length);
  expect(steps).toContain('net/ipv4/fib_multipath_hash_policy');
  expect(steps).toContain('net/ipv4/vs/conn_reuse_mode');
  expect(steps).not.toMatch(/sloppy_tcp|schedule_icmp/);
});

test('lines about a device that cannot be made are left out along with it, and no others', () => {
  const l7 = plumbed.files.get(join(lab.plumbing, 'l7-1.batch')) ?? '';
  const whole = plumbLab(plan, lab, options).files.get(join(lab.plumbing, 'l7-1.batch')) ?? '';
  expect(whole).toContain('dev ipip0');
  expect(l7.split('\n')).toEqual(whole.split('\n').filter((line) => !line.includes('ipip0')));
});

test('a kernel without policy rules gets none', () => {
  const without = kindsOf(kinds, { ...lacking, objects: ['rule'] });
  const { files } = plumbLab(plan, lab, { ...options, kinds: without });
  expect(files.get(join(lab.plumbing, 'l7-1.batch'))).not.toContain('rule');
});
