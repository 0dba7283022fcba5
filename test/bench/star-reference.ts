/** What a person would write who knows `ip -batch`, and nothing more: the reference for plumbing. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../../src/topology/index.ts';

/**
 * One batch for all namespaces, one for each bridge and its cables, one for each node, one after another. The links,
 * addresses and static routes are the plan's, so that both ways end with the same things.
 * @param enter how a namespace is entered: by `ip -n`, which mounts /sys anew each time, or by `nsenter`
 * @returns path of the script
 */
export async function writeReference(
  plan: Plan,
  prefix: string,
  folder: string,
  enter: 'ip' | 'nsenter' = 'ip',
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const commands: string[] = [];
  const add = async (name: string, batch: readonly string[], place?: string): Promise<void> => {
    const file = join(folder, `${name}.batch`);
    await writeFile(file, `${batch.join('\n')}\n`);
    if (place === undefined) commands.push(`ip -batch ${file}`);
    else if (enter === 'ip') commands.push(`ip -n ${prefix}${place} -batch ${file}`);
    else commands.push(`nsenter --net=/run/netns/${prefix}${place} ip -batch ${file}`);
  };
  const names = [...plan.networks, ...plan.nodes].map(({ name }) => name);
  await add(
    'namespaces',
    names.map((name) => `netns add ${prefix}${name}`),
  );
  for (const { name, mtu, members } of plan.networks) {
    const batch = [
      `link add name ${name} mtu ${mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set ${name} addrgenmode none up`,
      ...members.flatMap(({ node, interface: inside, mac }) => [
        `link add ${node} mtu ${mtu} master ${name} type veth peer name ${inside} mtu ${mtu} address ${mac} netns ${prefix}${node}`,
        `link set ${node} addrgenmode none up`,
      ]),
    ];
    await add(name, batch, name);
  }
  for (const { name, interfaces, routes } of plan.nodes) {
    const batch = [
      'link set lo up',
      ...interfaces.flatMap((link) => [
        `address add ${link.address}/${link.prefixLength} dev ${link.name}`,
        `link set ${link.name} addrgenmode none up`,
      ]),
      ...routes.map(({ to, via, interface: device }) => `route add ${to} via ${via} dev ${device}`),
    ];
    await add(name, batch, name);
  }
  const script = join(folder, 'star.sh');
  await writeFile(script, `set -e\n${commands.join('\n')}\n`);
  return script;
}
