/**
 * The agent: the guest's one helper, child of its init. It runs programs, dials sockets and reads files for clients
 * on the host, over the serial line that it finds as file descriptor 3. When the line ends, so does it, and then the guest.
 */
import { release } from 'node:os';
import { ReadStream } from 'node:tty';
import { begin, type Running } from './agent-requests.ts';
import {
  type Control,
  encodeJson,
  encodeReceived,
  type Frame,
  FrameReader,
  frameType,
  type Hello,
  magic,
  type Request,
  type Result,
} from './frames.ts';
import { setUpGuest } from './guest-setup.ts';

serve(new ReadStream(3));

function serve(input: ReadStream): void {
  setUpGuest();
  const running = new Map<number, Running>();
  const reader = new FrameReader();
  const write = (frame: Buffer): void => {
    input.write(frame);
  };
  input.on('data', (chunk: Buffer) => {
    write(encodeReceived(chunk.length));
    for (const frame of reader.push(chunk)) handle(frame, running, write);
  });
  // The keeper is gone: nobody can ever reach this guest again. Its init powers it off.
  input.on('end', () => process.exit(0));
  input.on('error', () => process.exit(0));
  write(magic);
  const hello: Hello = { kernel: release() };
  write(encodeJson(0, frameType.hello, hello));
}

function handle(frame: Frame, running: Map<number, Running>, write: (frame: Buffer) => void): void {
  const { stream, type, payload } = frame;
  if (type === frameType.open) {
    const finish = (result: Result): void => {
      if (running.delete(stream)) write(encodeJson(stream, frameType.result, result));
    };
    begin(JSON.parse(payload.toString('utf8')) as Request, { stream, running, write, finish });
    return;
  }
  const current = running.get(stream);
  if (type === frameType.data) current?.onData?.(payload);
  else if (type === frameType.end) current?.onEnd?.();
  else if (type === frameType.credit) current?.onCredit?.(frame.channel, payload.readUInt32BE());
  else if (type === frameType.control) current?.onControl?.(JSON.parse(payload.toString('utf8')) as Control);
  else if (type === frameType.abort) current?.abort();
}
