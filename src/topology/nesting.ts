/**
 * How deep a YAML text may be nested at most, found without parsing it: the parser is recursive, and a file of nothing but
 * brackets would take the whole process down. Brackets in text and comments count too, which makes no difference in practice.
 */
export function nestingOf(text: string): { readonly depth: number; readonly line: number } {
  const indents: number[] = [];
  let brackets = 0;
  let deepest = { depth: 0, line: 1 };
  for (const [i, line] of text.split('\n').entries()) {
    const indent = line.search(/[^ ]/);
    if (indent === -1) continue;
    while ((indents.at(-1) ?? -1) >= indent) indents.pop();
    indents.push(indent);
    const markers = markersAt(line, indent);
    let most = brackets;
    for (const character of line) {
      if (character === '[' || character === '{') most = Math.max(most, ++brackets);
      else if (character === ']' || character === '}') brackets = Math.max(0, brackets - 1);
    }
    const depth = indents.length + markers + most;
    if (depth > deepest.depth) deepest = { depth, line: i + 1 };
  }
  return deepest;
}

/** Lists in lists may begin on one line: "- - - x". */
function markersAt(line: string, start: number): number {
  let markers = 0;
  for (let i = start; '-?:'.includes(line.charAt(i)) && /[ \t]/.test(line.charAt(i + 1)); markers++) {
    i++;
    while (/[ \t]/.test(line.charAt(i))) i++;
  }
  return markers;
}
