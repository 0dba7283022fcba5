import { expect, test } from 'vitest';
import type { ScenarioTraffic } from '../../../src/scenario/types.ts';
import type { Plan, PlannedNode } from '../../../src/topology/types.ts';
import { trafficJobs } from '../../../src/traffic/index.ts';

const client = (name: string, sources: string): PlannedNode => ({
  name,
  group: 'client',
  index: 1,
  kind: 'client',
  tier: 0,
  interfaces: [],
  sources,
  peers: [],
  routes: [],
  hashFields: 0x37,
  services: [],
  announces: false,
  targets: [],
  senders: [],
  options: {},
});

const plan = (...nodes: PlannedNode[]): Plan => ({
  name: 'lab',
  services: [{ name: 'web', vip: '198.51.100.1', port: 80, protocol: 'http' }],
  networks: [],
  nodes,
});

const one = plan(client('client', '203.0.113.0/24'));
const two = plan(client('client-1', '203.0.113.0/28'), client('client-2', '203.0.113.16/28'));

const held: ScenarioTraffic = {
  type: 'held-tcp',
  name: 'held',
  from: 'client',
  to: 'web',
  connections: 2000,
  heartbeatMs: 1000,
  timeoutMs: 5000,
  uploadBytes: 256,
  downloadBytes: 256,
};
const more: ScenarioTraffic = { ...held, name: 'more', connections: 500 };
const http: ScenarioTraffic = {
  type: 'http',
  name: 'requests',
  from: 'client',
  to: 'web',
  ratePerSecond: 50,
  timeoutMs: 2000,
};

test('the same seed gives the same job, another seed other ports, phases and sources', () => {
  const [a, b, c] = [42, 42, 43].map((seed) => trafficJobs([held, http], one, seed)[0]);
  expect(a).toEqual(b);
  const ends = (job: typeof a): unknown[] =>
    job?.held[0]?.flows.map(({ address, port }) => `${address}:${port}`) ?? [];
  const phases = (job: typeof a): unknown[] => job?.held[0]?.flows.map(({ phaseMs }) => phaseMs) ?? [];
  const same = (x: unknown[], y: unknown[]): number => x.filter((value, i) => value === y[i]).length;
  expect(same(ends(a), ends(c))).toBeLessThan(5);
  expect(same(phases(a), phases(c))).toBeLessThan(5);
  expect(a?.http[0]?.sources).not.toEqual(c?.http[0]?.sources);
});

test('every flow has an address and port of its own, in the bounds', () => {
  const [job] = trafficJobs([held, more], one, 7);
  const flows = job?.held.flatMap((traffic) => traffic.flows) ?? [];
  expect(flows).toHaveLength(2500);
  expect(new Set(flows.map(({ address, port }) => `${address}:${port}`)).size).toBe(2500);
  const wrong = flows.filter(
    ({ address, port, phaseMs }) =>
      !/^203\.0\.113\.(?!0$|255$)\d+$/.test(address) ||
      port < 10_000 ||
      port > 60_999 ||
      phaseMs < 0 ||
      phaseMs > 1000,
  );
  expect(wrong).toEqual([]);
});

test('a traffic keeps its ends when another is added behind it', () => {
  expect(trafficJobs([held, more, http], one, 7)[0]?.held[0]).toEqual(
    trafficJobs([held], one, 7)[0]?.held[0],
  );
});

test('the clients of a group share a traffic without losing or doubling a flow or an arrival', () => {
  const jobs = trafficJobs([held, http], two, 7);
  expect(jobs.map(({ node }) => node)).toEqual(['client-1', 'client-2']);
  const flows = jobs.flatMap((job) => job.held[0]?.flows ?? []);
  expect(flows.map(({ flow }) => flow).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 2000 }, (_, i) => i),
  );
  expect(jobs[1]?.held[0]?.flows.every(({ address }) => Number(address.split('.')[3]) > 16)).toBe(true);
  expect(jobs.map((job) => [job.http[0]?.ratePerSecond, job.http[0]?.phaseMs])).toEqual([
    [25, 0],
    [25, 20],
  ]);
});

test('the walk of client ends visits each once before it visits one again', () => {
  const [job] = trafficJobs([http], plan(client('client', '203.0.113.8/30')), 3);
  const sources = job?.http[0]?.sources;
  if (sources === undefined) throw new Error('no requests');
  const { addresses, ports, offset, stride } = sources;
  const size = addresses * ports;
  const seen = new Set(Array.from({ length: size }, (_, n) => (offset + n * stride) % size));
  expect(seen.size).toBe(size);
});

test('more connections than the client has ends are refused', () => {
  const few = plan(client('client', '203.0.113.8/32'));
  expect(() => trafficJobs([{ ...held, connections: 60_000 }], few, 1)).toThrow(/too few addresses/);
});

test('of a traffic that wants contested flows all are, and of the others none is looked at', () => {
  const asked = new Set<string>();
  const isContested = (service: string, _address: string, port: number): boolean => {
    asked.add(service);
    return port % 400 === 7;
  };
  const picky = { ...more, connections: 100, contested: true } as const;
  const [job] = trafficJobs([held, picky], one, 7, { isContested });
  const [plain, contested] = job?.held ?? [];
  expect(contested?.flows).toHaveLength(100);
  expect(contested?.flows.every(({ port }) => port % 400 === 7)).toBe(true);
  expect(new Set(contested?.flows.map(({ address, port }) => `${address}:${port}`)).size).toBe(100);
  expect(plain?.flows.some(({ port }) => port % 400 !== 7)).toBe(true);
  expect(trafficJobs([held, picky], one, 7, { isContested })[0]).toEqual(job);
  expect([...asked]).toEqual(['web']);
});
