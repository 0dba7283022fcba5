/**
 * Reads what only a namespace tells from inside, for all nodes of a lab: one process on the lab's Linux, begun with the first
 * question and kept until the connection to the host ends. Questions that are asked at once travel together.
 */
import type { HostProcess } from '../hosts/contract.ts';
import { readerScript } from './node-reader-script.ts';

interface Waiting {
  readonly answer: (bytes: Buffer) => void;
  readonly fail: (error: Error) => void;
}

export class NodeReader {
  readonly #start: (argv: readonly string[]) => HostProcess;
  #running: Conversation | undefined;

  /** @param start starts a program on the lab's Linux */
  constructor(start: (argv: readonly string[]) => HostProcess) {
    this.#start = start;
  }

  /** @throws Error if there is no such namespace or file */
  async file(namespace: string, path: string): Promise<string> {
    return (await this.#ask(namespace, 'file', path)).toString('utf8');
  }

  /**
   * Asks a family of generic netlink (genetlink(7)) for all that it has of something.
   * @param request command, version, two zeros, attributes
   * @returns the kernel's messages one after the other, each with its header
   * @throws Error if the kernel has no such family
   */
  netlink(namespace: string, family: string, request: Buffer): Promise<Buffer> {
    return this.#ask(namespace, family, request.toString('hex'));
  }

  #ask(...question: readonly string[]): Promise<Buffer> {
    if (this.#running === undefined || this.#running.isOver)
      this.#running = new Conversation(this.#start(['perl', '-e', readerScript]));
    return this.#running.ask(question.join('\t'));
  }
}

/** With one process, until that ends. Answers come in the order of the questions: a line `ok BYTES` or `no BYTES`, and so many bytes. */
class Conversation {
  readonly #process: HostProcess;
  readonly #waiting: Waiting[] = [];
  #questions: string[] = [];
  #chunks: Buffer[] = [];
  #size = 0;
  #wanted = 0;
  #complaints = '';
  isOver = false;

  constructor(program: HostProcess) {
    this.#process = program;
    program.stdin.on('error', () => undefined);
    program.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    program.stderr.on('data', (chunk: Buffer) => {
      this.#complaints = (this.#complaints + chunk.toString()).slice(-400);
    });
    program.exited.then(
      () => this.#end(new Error(`what reads in namespaces ended: ${this.#complaints.trim()}`)),
      (error: Error) => this.#end(error),
    );
  }

  ask(question: string): Promise<Buffer> {
    return new Promise((answer, fail) => {
      this.#waiting.push({ answer, fail });
      if (this.#questions.push(question) > 1) return;
      setImmediate(() => {
        this.#process.stdin.write(`${this.#questions.join('\n')}\n`);
        this.#questions = [];
      });
    });
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    let bytes = Buffer.concat(this.#chunks);
    this.#wanted = 0;
    for (let line = bytes.indexOf('\n'); line >= 0; line = bytes.indexOf('\n')) {
      const [how, length] = bytes.toString('latin1', 0, line).split(' ');
      const end = line + 1 + Number(length);
      if (bytes.length < end) {
        this.#wanted = end;
        break;
      }
      const said = bytes.subarray(line + 1, end);
      const { answer, fail } = this.#waiting.shift() ?? {};
      if (how === 'ok') answer?.(said);
      else fail?.(new Error(said.toString('utf8')));
      bytes = bytes.subarray(end);
    }
    this.#chunks = [bytes];
    this.#size = bytes.length;
  }

  #end(error: Error): void {
    this.isOver = true;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }
}
