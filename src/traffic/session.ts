/** The traffic process of one client node, seen from outside: its events as they come, and how to end it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { WorldError } from '../base/errors.ts';
import { until } from '../base/until.ts';
import type { LiveLab } from '../lab/index.ts';
import type { TrafficEvent, TrafficJob, TrafficLine, TrafficReport } from './contract.ts';

export interface TrafficSession {
  /** `ready` once every held connection of the job is open and was answered; `failed` if one could not be opened. */
  readonly opening: () => 'under way' | 'ready' | 'failed';
  /** Ends all traffic by plan and waits for the last event. @throws WorldError `traffic-died` if the process failed */
  stop(): Promise<void>;
  /** Rejects if the process ends before it was told to. Never resolves otherwise. */
  readonly died: Promise<never>;
}

/**
 * Starts the traffic process in the client's namespace.
 * @param onEvent gets every event, with its times on our clock: a guest keeps its own
 */
export async function startTraffic(
  lab: LiveLab,
  job: TrafficJob,
  onEvent: (event: TrafficEvent) => void,
): Promise<TrafficSession> {
  const client = job.node;
  const file = join(lab.paths.directory, `traffic-${client}.json`);
  await writeFile(file, JSON.stringify(job), { mode: 0o600 });
  const { programs } = lab.options;
  // A connection is a file: the limit that a shell starts with (1,024) is soon reached. Root may raise the hard one, too.
  const limit = 'ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"';
  const argv = ['sh', '-c', limit, 'traffic', programs.node, join(programs.directory, 'traffic.js'), file];
  const { offsetMs } = await lab.host.clockOffset();
  const child = lab.host.spawn(lab.inside(client, argv));
  let opening: ReturnType<TrafficSession['opening']> = 'under way';
  let stopping = false;
  let ended = false;
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000);
  });
  eachLine(child.stdout, (line) => {
    const said = JSON.parse(line) as TrafficLine;
    if (said.type === 'ready') opening = 'ready';
    else if (said.type === 'not-ready') opening = 'failed';
    else if (!isReport(said)) onEvent(onOurClock(said, offsetMs));
  });

  const exited = child.exited.then(
    (exit) => {
      ended = true;
      return exit;
    },
    (error: unknown) => {
      ended = true;
      throw error;
    },
  );
  const died = exited.then(({ exitCode }) => {
    if (stopping && exitCode === 0) return new Promise<never>(() => undefined);
    throw new WorldError(`the traffic process of ${client} ended on its own (exit code ${exitCode})`, {
      code: 'traffic-died',
      exitCode: 4,
      details: complaints.trim().split('\n').slice(-8),
    });
  });
  died.catch(() => undefined);

  return {
    opening: () => opening,
    died,
    async stop() {
      stopping = true;
      if (!ended) child.stdin.write('stop\n');
      await Promise.race([
        died,
        until(() => ({ ok: ended, saw: 'it is still running' }), {
          // Requests that are under way run to their timeouts.
          withinMs: 20_000 + Math.max(0, ...job.http.map(({ timeoutMs }) => timeoutMs)),
          everyMs: 20,
          why: `the traffic process of ${client} to end`,
          code: 'traffic-stuck',
        }),
      ]);
    },
  };
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  });
}

function isReport(said: TrafficLine): said is TrafficReport {
  return ['progress', 'ready', 'not-ready', 'ended'].includes(said.type);
}

function onOurClock<E extends TrafficEvent>(event: E, offsetMs: number): E {
  const moved = { ...event, t: event.t - offsetMs };
  return 'intended' in moved ? { ...moved, intended: moved.intended - offsetMs } : moved;
}
