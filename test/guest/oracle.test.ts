import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host, HostKind, HostLab } from '../../src/hosts/contract.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { buildTable, lookup, type Server, withWeight } from '../../src/oracle/index.ts';
import { buildGuestPrograms, makeLab } from './guest-programs.ts';
import { choices, type Flow, flowsOf, script, sendSyns, vip } from './ipvs-guest.ts';

let kind: HostKind;
let lab: HostLab;
let host: Host;
let removePrograms: () => Promise<void> = async () => {};

beforeAll(async () => {
  lab = await makeLab();
  const programs = await buildGuestPrograms();
  removePrograms = programs.remove;
  kind = umlHost(programs.directory);
  host = await kind.open({ lab, report: () => {} });
  await host.loadModules(['veth', 'dummy', 'ip_vs', 'ip_vs_mh', 'ip_vs_sh']);
  await script(
    host,
    `ip netns add c
    ip netns add lb
    ip -n c link add veth-lb type veth peer name veth-c netns lb
    ip -n c address add 192.0.2.1/30 dev veth-lb
    ip -n lb address add 192.0.2.2/30 dev veth-c
    ip -n c link set veth-lb up
    ip -n lb link set veth-c up
    ip -n c route add ${vip} via 192.0.2.2
    ip -n lb link set lo up
    ip -n lb address add ${vip}/32 dev lo
    ip -n lb link add servers type dummy
    ip -n lb link set servers up arp off
    ip -n lb route add 10.0.0.0/8 dev servers
    ip netns exec lb sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.veth-c.rp_filter=0`,
  );
});

afterAll(async () => {
  await host?.disconnect();
  await kind.destroy(lab);
  await removePrograms();
  rmSync(lab.directory, { recursive: true, force: true });
});

/** Sets a service up with ipvsadm's arguments, sends the flows, and compares what the kernel chose with the table. */
async function compareWithKernel(
  port: number,
  service: string,
  edits: readonly string[],
  servers: readonly Server[],
  flows: readonly Flow[],
  choose = tableChoice(servers, port),
): Promise<void> {
  const lines = [`-A -t ${vip}:${port} ${service}`, ...edits.map((edit) => `${edit.slice(0, 2)} -t ${vip}:${port}${edit.slice(2)}`)];
  await script(host, lines.map((line) => `ip netns exec lb ipvsadm ${line}`).join('\n'));
  await sendSyns(host, 'c', port, flows);
  const chosen = await choices(host, 'lb', port);
  expect(chosen.size).toBe(flows.length);
  const wrong = flows.filter((flow) => chosen.get(`${flow.address}:${flow.port}`) !== choose(flow));
  console.log(port, service, `${flows.length - wrong.length} of ${flows.length} agree`);
  expect(wrong).toEqual([]);
}

function tableChoice(servers: readonly Server[], port: number): (flow: Flow) => string | undefined {
  const table = buildTable(servers.map((server) => ({ ...server, port })));
  return (flow) => servers[lookup(table, flow.address, flow.port) ?? -1]?.address;
}

const mh = '-s mh -b mh-port,mh-fallback';
const address = (n: number): string => `10.0.0.${n}`;
const servers = (...weights: number[]): Server[] =>
  weights.map((weight, i) => ({ address: address(i + 1), port: 0, weight }));
const adds = (list: readonly Server[]): string[] =>
  list.map(({ address: to, weight }) => `-a -r ${to} -i -w ${weight}`);
const weigh = (n: number, weight: number): string => `-e -r ${address(n)} -i -w ${weight}`;

test('10,000 flows go where the table says', async () => {
  const three = servers(1, 1, 1);
  await compareWithKernel(80, mh, adds(three), three, flowsOf(10_000));
});

test('weights are counted as the kernel counts them', async () => {
  for (const [i, weights] of [[1, 2, 4, 8, 3], [100, 200, 300, 7], [20, 40, 10], [0, 5, 5]].entries()) {
    const list = servers(...weights);
    await compareWithKernel(100 + i, mh, adds(list), list, flowsOf(2000));
  }
});

test('forty servers', async () => {
  const list = servers(...Array.from({ length: 40 }, () => 1));
  await compareWithKernel(200, mh, adds(list), list, flowsOf(2000));
});

test('a server whose weight went to 0 keeps its place in the table, and its flows go elsewhere meanwhile', async () => {
  const [a, b, c] = servers(1, 1, 1) as [Server, Server, Server];
  const away = [a, withWeight(b, 0), c];
  const back = [a, withWeight(withWeight(b, 0), 1), c];
  await compareWithKernel(300, mh, [...adds([a, b, c]), weigh(2, 0)], away, flowsOf(2000));
  await compareWithKernel(301, mh, [...adds([a, b, c]), weigh(2, 0), weigh(2, 1)], back, flowsOf(2000));
});

test('sh', async () => {
  const three = servers(1, 1, 1);
  const t = await compareWithKernel(500, '-s sh -b sh-port,sh-fallback', adds(three), three, flowsOf(200)).catch((e) => e);
  const chosen = await choices(host, 'lb', 500);
  console.log(JSON.stringify([...chosen].slice(0, 40)));
});
