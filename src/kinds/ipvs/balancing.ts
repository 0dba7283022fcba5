/**
 * What can be done to a node's table while it runs. Weights go through keepalived, which would otherwise put its own back
 * when a server comes and goes; the order and the flows are the kernel's alone.
 */
import { endpoint } from '../../base/ip.ts';
import type { Balancing, NodeView } from '../contract.ts';
import { rewriteFile } from '../rewrite-file.ts';
import { parseConnections } from './connections.ts';
import { keepalivedFile } from './keepalived.ts';
import { askServers, readable } from './servers.ts';

export const balancing: Balancing = {
  async servers(view) {
    const { node } = view;
    const names = new Map(node.targets.map((target) => [target.address, target.node]));
    const services = new Map(node.services.map(({ name, vip, port }) => [endpoint(vip, port), name]));
    return (await askServers(view)).toReversed().map(({ service, address, weight }) => ({
      server: names.get(address) ?? address,
      service: services.get(service) ?? service,
      vip: service,
      weight,
    }));
  },

  async setWeight(view, server, weight) {
    const addresses = view.node.targets.filter(({ node }) => node === server).map(({ address }) => address);
    await rewriteFile(view, `${view.paths.files}/${keepalivedFile}`, (text) =>
      addresses.reduce(
        (result, address) =>
          result.replaceAll(
            new RegExp(`(^ *real_server ${address.replaceAll('.', '\\.')} \\d+ \\{\\n *weight )\\d+$`, 'gm'),
            `$1${weight}`,
          ),
        text,
      ),
    );
    await reloadKeepalived(view);
  },

  async reorder(view, order) {
    const rank = new Map(order.map((name, i) => [name, i]));
    const position = ({ address }: DumpedServer): number =>
      rank.get(view.node.targets.find((target) => target.address === address)?.node ?? '') ?? order.length;
    const now = await dump(view);
    const wanted = now.toSorted((a, b) => position(a) - position(b));
    // A server that is deleted and added at once finds its flows again (Linux net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_trash_get_dest).
    await run(view, ['ipvsadm', '-R'], lines(wanted.flatMap(({ remove, add }) => [remove, add])));
  },

  async flush(view) {
    const before = parseConnections(await view.readFile('/proc/net/ip_vs_conn')).length;
    const now = await dump(view);
    const files = [now.map(({ remove }) => remove), now.map(({ add }) => add)].map(lines);
    const stdout = await run(view, ['sh', '-c', flushScript, 'flush', ...files]);
    return { before, after: Number(stdout) };
  },
};

/** It reads its configuration again; what it knows of servers that are still there, and the kernel of flows, stays. */
export async function reloadKeepalived(view: NodeView): Promise<void> {
  const pid = (await view.readFile(`${view.paths.run}/keepalived-main.pid`)).trim();
  await run(view, ['kill', '-HUP', pid]);
}

interface DumpedServer {
  /** `vip:port`. */
  readonly service: string;
  readonly address: string;
  /** Lines for `ipvsadm -R`. */
  readonly remove: string;
  readonly add: string;
}

/** `ipvsadm -Sn` says how to make the table that there is, but sorts it; the order is that of the kernel, backwards. */
async function dump(view: NodeView): Promise<DumpedServer[]> {
  const order = (await askServers(view)).toReversed().map(({ service, address }) => `${service} ${address}`);
  const place = ({ service, address }: DumpedServer): number => order.indexOf(`${service} ${address}`);
  const servers = (await run(view, ['ipvsadm', '-Sn'])).split('\n').flatMap((line): DumpedServer[] => {
    const found = /^-a -t (\S+) -r (\S+) .*$/.exec(line.trim());
    if (found === null) return [];
    const [add, service = '', server = ''] = found;
    const address = server.replace(/:\d+$/, '');
    return [
      {
        service: readable(service),
        address: readable(address),
        remove: `-d -t ${service} -r ${server}`,
        add,
      },
    ];
  });
  return servers.toSorted((a, b) => place(a) - place(b));
}

/**
 * The kernel has no command for it, but it forgets the flows of servers that are not there if told to (`expire_nodest_conn`; since
 * 5.9 at once: net/netfilter/ipvs/ip_vs_ctl.c, expire_nodest_conn_handler). So all servers go away until the table is empty. They
 * come back one by one: whoever is balanced meanwhile meets the wrong one.
 * $1, $2: what removes and adds the servers. Says how many entries were left.
 */
const flushScript = `
setting=/proc/sys/net/ipv4/vs/expire_nodest_conn
read -r old <$setting
echo 1 >$setting
printf %s "$1" | ipvsadm -R
tries=0 left=1
while [ $left -gt 0 ] && [ $tries -lt 50 ]; do
  [ $tries -eq 0 ] || sleep 0.02
  tries=$((tries + 1)) left=-1
  while read -r _; do left=$((left + 1)); done </proc/net/ip_vs_conn
done
printf %s "$2" | ipvsadm -R
echo "$old" >$setting
echo $left
`;

async function run(view: NodeView, argv: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await view.exec(argv, input === undefined ? {} : { input });
  if (exitCode !== 0 || stderr.trim() !== '')
    throw new Error(`${argv[0]} on ${view.node.name}: ${stderr.trim() || `exit code ${exitCode}`}`);
  return stdout;
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
