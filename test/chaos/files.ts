/** What the loop's commands work on: a small chain, the same with a proxy more, and a short scenario on it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const labName = 'chaos';

/** Every lab that the loop's commands make. */
export const labNames = [labName, 'short', 'short-control'] as const;

const topology = (proxies: number): string => `name: ${labName}
services:
  web: {vip: 198.51.100.1, port: 80, protocol: http}
networks:
  internet: {subnet: 192.0.2.0/28}
  fabric: {subnet: 192.0.2.128/25}
  servers: {subnet: 10.1.0.0/24}
nodes:
  client: {kind: client, networks: [internet], sources: 203.0.113.0/24}
  r: {kind: bird, asn: 65000, networks: [internet, fabric]}
  l4: {kind: ipvs, count: 2, networks: [fabric], serves: [web], to: l7, scheduler: mh, forward: ipip}
  l7: {kind: haproxy, count: ${proxies}, networks: [fabric, servers], serves: [web], to: web}
  web: {kind: web, networks: [servers]}
`;

const scenario = `name: short
topology: small.yaml
traffic: [{name: held, type: held-tcp, from: client, to: web, connections: 10, heartbeat: 500ms, timeout: 5s}]
steady: {for: 500ms}
timeline: [{at: 500ms, name: crash, fault: node.crash, target: l4-1}]
duration: 2s
expect: [held.broken == 0]
`;

export async function writeInputs(folder: string): Promise<void> {
  await writeFile(join(folder, 'small.yaml'), topology(2));
  await writeFile(join(folder, 'larger.yaml'), topology(3));
  await writeFile(join(folder, 'short.yaml'), scenario);
}
