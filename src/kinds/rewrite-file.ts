import type { NodeView } from './contract.ts';

/**
 * Rewrites a file of a node, through the lab's own Linux: a guest would not see at once what was written behind its back.
 * @throws if it cannot be written
 */
export async function rewriteFile(
  view: NodeView,
  path: string,
  edit: (text: string) => string,
): Promise<void> {
  const text = await view.readFile(path);
  const changed = edit(text);
  if (changed === text) return;
  const { exitCode, stderr } = await view.exec(['tee', path], { input: changed });
  if (exitCode !== 0) throw new Error(`cannot write ${path}: ${stderr.trim()}`);
}
