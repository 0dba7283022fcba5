/**
 * Backends that come and go while HAProxy runs (management.txt, 9.3: `add server`, `del server`): the process stays, and so do
 * all connections that go through it. The configuration says the same, for the next start.
 */
import { endpoint } from '../../base/ip.ts';
import { until } from '../../base/until.ts';
import type { NodeView } from '../contract.ts';
import { backendsOf, checks } from './config.ts';
import { haproxyOptions } from './options.ts';
import { parseServers, statsSocket } from './stats.ts';

/** The configuration but for the servers. */
export const withoutServers = (config: string): string => config.replaceAll(/^ {2}server .*\n/gm, '');

/** Adds the servers that the node should have and does not, and removes the others. @returns false if HAProxy would not */
export async function alignServers(view: NodeView): Promise<boolean> {
  const { node } = view;
  const say = async (command: string): Promise<string> =>
    (await view.ask(statsSocket(view.paths), `${command}\n`)).trim();
  const there = parseServers(await say('show stat -1 4 -1'));
  const how = checks(haproxyOptions.parse(node.options));
  for (const { name: backend, services } of backendsOf(node)) {
    const [{ port }] = services;
    const known = there.filter((server) => server.backend === backend).map(({ name }) => name);
    for (const target of node.targets) {
      if (known.includes(target.node)) continue;
      const server = `${backend}/${target.node}`;
      const said = await say(`add server ${server} ${endpoint(target.address, port)} ${how}`);
      if (!said.startsWith('New server registered')) return false;
      await say(`enable health ${server}`);
      await say(`enable server ${server}`);
    }
    for (const name of known.filter((each) => !node.targets.some((target) => target.node === each)))
      if (!(await remove(`${backend}/${name}`, say))) return false;
  }
  return true;
}

/** Only a server that nothing is connected to can go; connections that are kept for the next request end first. */
async function remove(server: string, say: (command: string) => Promise<string>): Promise<boolean> {
  await say(`set server ${server} state maint`);
  await say(`shutdown sessions server ${server}`);
  const gone = async (): Promise<{ ok: boolean; saw: string }> => {
    const saw = await say(`del server ${server}`);
    return { ok: saw.startsWith('Server deleted'), saw };
  };
  return until(gone, { withinMs: 3000, everyMs: 100, why: `${server} to go` }).then(
    () => true,
    () => false,
  );
}
