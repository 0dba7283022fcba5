import { rename, writeFile } from 'node:fs/promises';

/** A new file in place of the old one: whoever reads it meanwhile never sees half of it. Not for files that a guest reads (lab/write-inside.ts). */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
