import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { asWorldError } from '../base/system-error.ts';
import type { HistoryEvent } from '../verdict/history.ts';

/** Appends to the history as it happens, so that what was seen survives whatever ends the run. */
export interface Recorder {
  record(event: HistoryEvent): void;
  /** Resolves, with the reason, if the history cannot be written any more: what comes then is lost. */
  readonly failed: Promise<unknown>;
  close(): Promise<void>;
}

/** @throws WorldError if the file cannot be made */
export async function openRecorder(file: string): Promise<Recorder> {
  const stream = createWriteStream(file, { flags: 'ax', mode: 0o600 });
  const failed = new Promise<unknown>((resolve) => {
    stream.on('error', (error) => resolve(asWorldError(Object.assign(error, { path: file }))));
  });
  await once(stream, 'open').catch((error: unknown) => {
    throw asWorldError(error);
  });
  return {
    record: (event) => {
      if (stream.writable) stream.write(`${JSON.stringify(event)}\n`);
    },
    failed,
    async close() {
      if (stream.errored !== null) return;
      stream.end();
      // Its failure is told by `failed`.
      await finished(stream).catch(() => undefined);
    },
  };
}
