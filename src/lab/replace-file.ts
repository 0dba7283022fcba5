import { rename, writeFile } from 'node:fs/promises';

/** A new file in place of the old one: a guest that has the old one open never sees half of the new. */
export async function replaceFile(path: string, content: string): Promise<void> {
  await writeFile(`${path}.new`, content, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
