import { open } from 'node:fs/promises';
import type { Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { exitCodes, InputError, WorldError } from '../../base/errors.ts';
import { suggest } from '../../base/suggest.ts';
import type { HostProcess } from '../../hosts/contract.ts';
import type { LiveLab } from '../../lab/index.ts';
import { pcapng } from '../../packets/index.ts';
import type { Context } from '../context.ts';
import { requirePlace, withPlumbing } from '../labs.ts';
import { writeOutput } from '../output-file.ts';

interface CaptureFlags {
  readonly lab?: string;
  readonly filter?: string;
  readonly output?: string;
  readonly count?: number;
  readonly seconds?: number;
}

/**
 * Packets of a node as a capture file (pcapng), to a file or to stdout: `| wireshark -k -i -`. Ends after so many packets
 * or seconds, at Ctrl-C, or when whoever reads hangs up; tcpdump writes out what it has, and is gone.
 */
export async function capture(context: Context, where: string, flags: CaptureFlags): Promise<number> {
  const { output, seconds } = flags;
  if (output === undefined && context.format === 'json') {
    const message = 'packets on stdout are no JSON document';
    const hint = 'write them to a file (-o trace.pcapng), or leave --format json out';
    throw new InputError([{ file: 'command line:', message, hint }]);
  }
  if (output === undefined && process.stdout.isTTY) {
    throw new InputError([
      {
        file: 'command line:',
        message: 'packets are no text for a terminal',
        hint: 'write them to a file (-o trace.pcapng), or pipe them: `| wireshark -k -i -`, `| tcpdump -n -r -`',
      },
    ]);
  }
  return withPlumbing(flags.lab, async (live) => {
    context.signal.throwIfAborted();
    const [node = '', device] = where.split(':');
    const place = requirePlace(live, node);
    const argv = tcpdump(checkDevice(live, place, device), flags);
    const target = output === undefined ? process.stdout : await createFile(output);
    const child = live.host.spawn(live.inside(place, argv));
    const stop = (): void => child.kill('SIGINT');
    context.signal.addEventListener('abort', stop, { once: true });
    const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000);
    try {
      const { offsetMs } = await live.host.clockOffset();
      const format = pcapng({
        interface: `${place}:${device ?? 'any'}`,
        ...(flags.filter === undefined ? {} : { filter: flags.filter }),
        application: `tierlab ${context.version}`,
        clockAheadMs: offsetMs,
      });
      const complaints = await copy(context, child, format, target, stop);
      const { exitCode } = await child.exited;
      if (exitCode !== 0 && !context.signal.aborted) throw failure(place, exitCode, complaints);
      if (output !== undefined) {
        context.print(`written to ${output}`);
        context.printJson({ node: place, interface: device ?? 'any', output });
      }
      return context.signal.aborted ? exitCodes.interrupted : exitCodes.pass;
    } finally {
      clearTimeout(timer);
      context.signal.removeEventListener('abort', stop);
    }
  });
}

const createFile = async (file: string): Promise<Writable> =>
  (await writeOutput(file, '--output', () => open(file, 'w', 0o600))).createWriteStream();

/**
 * -U: each packet as it comes; --immediate-mode: not only when the kernel's buffer is full. In that mode the buffer has a place of the
 * largest size for each packet (libpcap, pcap-linux.c, TPACKET_V2): of the usual 2 MiB and 256 KiB a packet, eight; with these 256.
 */
function tcpdump(device: string, { filter, count }: CaptureFlags): string[] {
  return [
    'tcpdump',
    '--immediate-mode',
    '-s',
    '65535',
    '-B',
    '16384',
    '-U',
    '-w',
    '-',
    '-i',
    device,
    ...(count === undefined ? [] : ['-c', String(count)]),
    ...(filter === undefined ? [] : ['--', filter]),
  ];
}

/** @returns everything that tcpdump said beside the packets */
async function copy(
  { report }: Context,
  child: HostProcess,
  format: Transform,
  target: Writable,
  stop: () => void,
): Promise<string> {
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  // The reader may have seen enough before tcpdump has.
  target.on('error', stop);
  await pipeline(child.stdout, format, target, { end: target !== process.stdout }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    },
  );
  if (target !== process.stdout) await finished(target).catch(() => undefined);
  await child.exited;
  const summary = said.split('\n').filter((line) => /packets? (captured|dropped)/.test(line));
  for (const line of summary) report({ type: 'detail', message: line });
  return said;
}

function checkDevice(live: LiveLab, place: string, device: string | undefined): string {
  if (device === undefined) return 'any';
  const node = live.plan.nodes.find(({ name }) => name === place);
  const known = [...(node?.interfaces.map(({ name }) => name) ?? []), 'lo', 'any', 'ipip0', 'announce'];
  // On a switch the ports carry the names of the nodes.
  const ports = live.plan.networks.find(({ name }) => name === place)?.members.map((member) => member.node);
  if (known.includes(device) || ports?.includes(device) === true || device === place) return device;
  throw new WorldError(`${place} has no interface "${device}"`, {
    code: 'no-such-interface',
    exitCode: 4,
    hint: suggest(device, ports ?? known, 'interfaces'),
  });
}

function failure(place: string, exitCode: number, said: string): WorldError {
  if (exitCode === 127 || /failed to execute tcpdump/.test(said)) {
    return new WorldError('tcpdump is not installed', {
      code: 'program-missing',
      exitCode: 3,
      hint: 'apt-get install tcpdump',
    });
  }
  return new WorldError(`tcpdump in ${place} failed (exit code ${exitCode})`, {
    code: 'capture-failed',
    exitCode: 4,
    details: said.trim().split('\n').slice(-4),
  });
}
