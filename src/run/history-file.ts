import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type Judgement, judge, parseHistory } from '../verdict/index.ts';
import type { Role } from './options.ts';

export const historyFile = (runDirectory: string, role: Role): string => join(runDirectory, `${role}.jsonl`);

export const judgeHistory = (file: string): Promise<Judgement> => judge(parseHistory(createReadStream(file)));
