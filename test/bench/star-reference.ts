/** What a person would write who knows `ip -batch`, and nothing more: the reference for plumbing a star. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plan } from '../../src/topology/index.ts';

/**
 * One batch for all namespaces, one for the bridge and its cables, one for each node, one after another. The links and
 * addresses are the plan's, so that both ways end with the same things. @returns path of the script
 */
export async function writeReference(plan: Plan, prefix: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const commands: string[] = [];
  const add = async (options: string, name: string, batch: readonly string[]): Promise<void> => {
    const file = join(folder, `${name}.batch`);
    await writeFile(file, `${batch.join('\n')}\n`);
    commands.push(`ip ${options}-batch ${file}`);
  };
  const names = [...plan.networks, ...plan.nodes].map(({ name }) => name);
  await add(
    '',
    'namespaces',
    names.map((name) => `netns add ${prefix}${name}`),
  );
  for (const { name, mtu, members } of plan.networks) {
    await add(`-n ${prefix}${name} `, name, [
      `link add ${name} mtu ${mtu} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`,
      `link set ${name} addrgenmode none up`,
      ...members.flatMap(({ node, interface: inside, mac }) => [
        `link add ${node} mtu ${mtu} master ${name} type veth peer name ${inside} mtu ${mtu} address ${mac} netns ${prefix}${node}`,
        `link set ${node} addrgenmode none up`,
      ]),
    ]);
  }
  for (const { name, interfaces } of plan.nodes) {
    await add(`-n ${prefix}${name} `, name, [
      'link set lo up',
      ...interfaces.flatMap((link) => [
        `address add ${link.address}/${link.prefixLength} dev ${link.name}`,
        `link set ${link.name} addrgenmode none up`,
      ]),
    ]);
  }
  const script = join(folder, 'star.sh');
  await writeFile(script, `set -e\n${commands.join('\n')}\n`);
  return script;
}
