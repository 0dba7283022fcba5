import type { NodeView } from './contract.ts';

/** Rewrites a file of a node, if that changes anything. @throws if it cannot be written */
export async function rewriteFile(
  view: NodeView,
  path: string,
  edit: (text: string) => string,
): Promise<void> {
  const text = await view.readFile(path);
  const changed = edit(text);
  if (changed !== text) await view.writeFile(path, changed);
}
