/** What can be done to a node's BGP sessions while it runs: by BIRD's control socket, and by its configuration. */
import { hostPrefix } from '../../base/ip.ts';
import type { BgpPeer, PlannedNode } from '../../topology/types.ts';
import type { NodeView, Routing, RoutingSession } from '../contract.ts';
import { rewriteFile } from '../rewrite-file.ts';
import { sessionName } from './config.ts';
import { askBird, parseBfdSessions, parseProtocols, parseRoutes, type ReplyLine } from './control.ts';
import { birdFile } from './speaker.ts';

export const routing: Routing = {
  async sessions(view) {
    const [protocols = [], bfd = []] = await askBird(view, ['show protocols', 'show bfd sessions']);
    return sessionsOf(view.node, protocols, bfd);
  },

  async restart(view, peers) {
    const names = peersOf(view.node, peers).map(sessionName);
    const replies = await askBird(view, [
      ...names.map((name) => `restart '${name}'`),
      'show protocols',
      'show bfd sessions',
    ]);
    return sessionsOf(view.node, replies.at(-2) ?? [], replies.at(-1) ?? []);
  },

  setBfd: (view, peers, on) =>
    edit(view, (text) =>
      peersOf(view.node, peers).reduce(
        (result, peer) =>
          inSession(result, peer, (block) =>
            block.replace(/^ {2}bfd (on|off);$/m, `  bfd ${on ? 'on' : 'off'};`),
          ),
        text,
      ),
    ),

  setVips: (view, announced) =>
    edit(view, (text) =>
      announced
        ? text.replace(withheld, '    export where $1;')
        : text.replace(exported, `    export where $1 && !is_vip(); ${mark}`),
    ),

  // BIRD keeps sessions up if only filters or BFD differ (BIRD 2.0, proto/bgp/bgp.c, bgp_reconfigure).
  async reconfigure(view) {
    await askBird(view, ['configure']);
  },

  async announcedVips(view) {
    const vips = new Set(view.plan.services.map(({ vip }) => hostPrefix(vip)));
    const { peers } = view.node;
    const replies = await askBird(
      view,
      peers.map((peer) => `show route export '${sessionName(peer)}'`),
    );
    return replies.flatMap((reply, i) =>
      parseRoutes(reply)
        .filter(({ prefix }) => vips.has(prefix))
        .map(({ prefix }) => `${prefix} to ${peers[i]?.node}`),
    );
  },
};

/** Marks a line that was changed, so that the change can be taken back. */
const mark = '# VIPs withdrawn';

/** Filters that let VIPs through are those that do not say otherwise. */
const exported = /^ {4}export where (?!.*!is_vip\(\))(.*);$/gm;
const withheld = / {4}export where (.*) && !is_vip\(\); # VIPs withdrawn$/gm;

const edit = (view: NodeView, change: (text: string) => string): Promise<void> =>
  rewriteFile(view, `${view.paths.files}/${birdFile}`, change);

function inSession(text: string, peer: BgpPeer, change: (block: string) => string): string {
  const start = text.indexOf(`protocol bgp '${sessionName(peer)}' {`);
  if (start < 0) throw new Error(`bird.conf has no session ${sessionName(peer)}`);
  const end = text.indexOf('\n}', start);
  return text.slice(0, start) + change(text.slice(start, end)) + text.slice(end);
}

function sessionsOf(
  node: PlannedNode,
  protocols: readonly ReplyLine[],
  bfd: readonly ReplyLine[],
): RoutingSession[] {
  const states = new Map(parseProtocols(protocols).map((protocol) => [protocol.name, protocol]));
  const watched = new Map(parseBfdSessions(bfd).map(({ address, state }) => [address, state]));
  return node.peers.map((peer) => {
    const found = states.get(sessionName(peer));
    // BGP has no word of its own while the protocol is down.
    const state = found === undefined ? 'not there' : found.info || found.state;
    return {
      peer: peer.node,
      address: peer.address,
      established: state.startsWith('Established'),
      state,
      watched: watched.get(peer.address) === 'Up',
    };
  });
}

const peersOf = ({ peers }: PlannedNode, names: readonly string[]): BgpPeer[] =>
  peers.filter(({ node }) => names.includes(node));
