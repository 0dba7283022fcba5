import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { HistoryError, type Judgement, judge, parseHistory } from '../verdict/index.ts';
import type { Role } from './options.ts';

export const historyFile = (runDirectory: string, role: Role): string => join(runDirectory, `${role}.jsonl`);

/** @throws HistoryError that names the file: of many runs, one may be damaged */
export async function judgeHistory(file: string): Promise<Judgement> {
  try {
    return await judge(parseHistory(createReadStream(file)));
  } catch (error) {
    throw error instanceof HistoryError ? new HistoryError(error.line, error.what, file) : error;
  }
}
