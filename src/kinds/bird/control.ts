/**
 * BIRD's control socket: a line of request gets lines `CODE-text` and at last `CODE text`; a line that begins with a space
 * continues the one before under the same code, one that begins with `+` is an asynchronous message (BIRD 2.0,
 * doc/reply_codes; nest/cli.c). After connecting, BIRD greets with `0001 BIRD … ready.`
 */
import { familiesOf } from '../../base/families.ts';
import { type Family, formatAddress, formatSubnet, parseAddress, parseSubnet } from '../../base/ip.ts';
import type { PlannedNode } from '../../topology/types.ts';
import type { NodeView } from '../contract.ts';

export interface ReplyLine {
  readonly code: number;
  readonly text: string;
}

export interface ProtocolState {
  readonly name: string;
  readonly type: string;
  /** `up`, `start`, `down`, … */
  readonly state: string;
  /** The protocol's own word: `Established`, `Active`, … */
  readonly info: string;
}

export interface BfdSession {
  readonly address: string;
  readonly interface: string;
  readonly state: string;
}

export interface NextHop {
  readonly address: string;
  readonly interface: string;
}

export interface Route {
  readonly prefix: string;
  /** Name of the protocol that it came from: for BGP the peer node's name. */
  readonly protocol: string;
  readonly primary: boolean;
  readonly nextHops: readonly NextHop[];
}

export const controlSocket = (run: string): string => `${run}/bird.ctl`;

/** Asks the node's BIRD several things on one connection. @returns one reply for each request. @throws if BIRD refuses one */
export async function askBird(view: NodeView, requests: readonly string[]): Promise<readonly ReplyLine[][]> {
  const wanted = requests.length + 1;
  const answer = await view.ask(
    controlSocket(view.paths.run),
    requests.map((request) => `${request}\n`).join(''),
    (text) => countReplies(text) >= wanted,
  );
  const replies = parseReplies(answer);
  if (replies.length < wanted)
    throw new Error(`bird of ${view.node.name} answered ${replies.length} of ${wanted} times`);
  const answers = replies.slice(1);
  const refusal = answers.flat().find(({ code }) => code >= 8000);
  if (refusal !== undefined) throw new Error(`bird of ${view.node.name}: ${refusal.text} (${refusal.code})`);
  return answers;
}

/** Splits what came from the socket into whole replies; the greeting is the first one. */
export function parseReplies(text: string): ReplyLine[][] {
  const replies: ReplyLine[][] = [];
  let reply: ReplyLine[] = [];
  let code = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const head = /^(\d{4})([ -])(.*)$/.exec(line);
    if (head === null) {
      if (line.startsWith(' ')) reply.push({ code, text: line.slice(1) });
      continue;
    }
    code = Number(head[1]);
    const said = head[3] ?? '';
    if (said !== '' || head[2] === '-') reply.push({ code, text: said });
    if (head[2] !== ' ') continue;
    replies.push(reply);
    reply = [];
  }
  return replies;
}

/** Reads the reply to `show protocols`. */
export function parseProtocols(reply: readonly ReplyLine[]): ProtocolState[] {
  return reply
    .filter(({ code }) => code === 1002)
    .flatMap(({ text }) => {
      const found = /^(\S+)\s+(\S+)\s+(?:\S+)\s+(\S+)\s+(?:\d{4}-\d\d-\d\d )?\S+\s*(.*?)\s*$/.exec(text);
      if (found === null) return [];
      const [, name = '', type = '', state = '', info = ''] = found;
      return [{ name, type, state, info }];
    });
}

/** Reads the reply to `show bfd sessions`. */
export function parseBfdSessions(reply: readonly ReplyLine[]): BfdSession[] {
  return reply.flatMap(({ text }) => {
    const [, first = '', device = '', state = ''] = /^(\S+)\s+(\S+)\s+(\S+)\s/.exec(text) ?? [];
    const address = parseAddress(first);
    return address === undefined ? [] : [{ address: formatAddress(address), interface: device, state }];
  });
}

/** Reads the reply to `show route`: every route, with the protocol that it came from. */
export function parseRoutes(reply: readonly ReplyLine[]): Route[] {
  const routes: { prefix: string; protocol: string; primary: boolean; nextHops: NextHop[] }[] = [];
  let prefix = '';
  for (const { text } of reply) {
    const head = /^([\d.:a-f]+\/\d+)?\s+\S+ \[(\S+)[^\]]*\](\s+\*)?/.exec(text);
    if (head !== null) {
      const subnet = parseSubnet(head[1] ?? '');
      if (subnet !== undefined) prefix = formatSubnet(subnet);
      routes.push({ prefix, protocol: head[2] ?? '', primary: head[3] !== undefined, nextHops: [] });
      continue;
    }
    const hop = /^\s+via ([\d.:a-f]+) on (\S+)/.exec(text);
    const address = parseAddress(hop?.[1] ?? '');
    if (address !== undefined)
      routes.at(-1)?.nextHops.push({ address: formatAddress(address), interface: hop?.[2] ?? '' });
  }
  return routes;
}

/** Requests for the routes that BIRD has put into the node's kernel. */
export const kernelRoutes = (node: PlannedNode): string[] =>
  familiesOf(node).map((family) => `show route export ${kernelProtocol[family]}`);

/** The protocol that puts routes into the kernel: BIRD 2.0 has one for each family. */
export const kernelProtocol: Readonly<Record<Family, string>> = { ipv4: 'tl_kernel', ipv6: 'tl_kernel6' };

const countReplies = (text: string): number => text.match(/^\d{4} .*\n/gm)?.length ?? 0;
