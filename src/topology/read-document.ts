import { readFile, stat } from 'node:fs/promises';
import { InputError } from '../base/errors.ts';
import { parseDocument, type YamlDocument } from './document.ts';

/** Larger files are refused before they are read. */
const limitBytes = 1024 * 1024;

/**
 * Reads and parses a YAML file that a user wrote.
 * @throws InputError if it is missing, no regular file, too large, binary, empty or not YAML
 */
export async function readDocument(file: string): Promise<YamlDocument> {
  const refuse = (message: string, hint?: string): never => {
    throw new InputError([{ file, message, ...(hint === undefined ? {} : { hint }) }]);
  };
  const info = await stat(file).catch((error: NodeJS.ErrnoException) => refuse(...explainAccess(error)));
  if (info.isDirectory()) refuse('is a directory, not a file', 'name the YAML file in it');
  if (!info.isFile()) refuse('is not a regular file');
  if (info.size > limitBytes)
    refuse(`is too large: ${info.size} bytes, where at most ${limitBytes} (1 MiB) are read`);
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => refuse(...explainAccess(error)));
  return parseDocument(
    decode(bytes) ?? refuse('is not a text file', 'a YAML file in UTF-8 is wanted here'),
    file,
  );
}

/** @returns undefined for bytes that are no UTF-8 text */
function decode(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function explainAccess({ code, message }: NodeJS.ErrnoException): [message: string, hint?: string] {
  if (code === 'ENOENT' || code === 'ENOTDIR') return ['does not exist'];
  if (code === 'EACCES' || code === 'EPERM') return ['cannot be read: permission denied'];
  return [`cannot be read: ${message}`];
}
