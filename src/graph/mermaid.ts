import { labelOf, type Picture } from './picture.ts';

/** For Markdown that renders Mermaid (https://mermaid.js.org/syntax/flowchart.html). */
export function mermaid({ tiers, networks }: Picture): string {
  const ids = new Map(tiers.flat().map(({ name }, i) => [name, `n${i}`]));
  return `${[
    'flowchart LR',
    ...tiers.flatMap((tier, i) => [
      `  subgraph t${i}[" "]`,
      '    direction TB',
      ...tier.map((node) => `    ${ids.get(node.name)}["${labelOf(node).map(escaped).join('<br/>')}"]`),
      '  end',
    ]),
    ...networks.map(({ name, subnet }, i) => `  w${i}(["${escaped(name)}<br/>${escaped(subnet)}"])`),
    ...networks.flatMap(({ behind, members }, i) =>
      members.map(({ node, tier }) =>
        tier <= behind ? `  ${ids.get(node)} --- w${i}` : `  w${i} --- ${ids.get(node)}`,
      ),
    ),
  ].join('\n')}\n`;
}

/** Entity codes: everything that could end the text or begin markup. */
const escaped = (text: string): string =>
  text.replaceAll(/["#<>&;`[\]{}()|\\]/g, (character) => `#${character.charCodeAt(0)};`);
