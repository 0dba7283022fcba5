import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { HistoryEvent } from '../verdict/history.ts';

/** Appends to the history as it happens, so that what was seen survives whatever ends the run. */
export interface Recorder {
  record(event: HistoryEvent): void;
  close(): Promise<void>;
}

export async function openRecorder(file: string): Promise<Recorder> {
  const stream = createWriteStream(file, { flags: 'ax', mode: 0o644 });
  await once(stream, 'open');
  return {
    record: (event) => void stream.write(`${JSON.stringify(event)}\n`),
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
