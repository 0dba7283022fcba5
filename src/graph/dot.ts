import { labelOf, type Picture } from './picture.ts';

/** For Graphviz: `| dot -Tpng` (https://graphviz.org/doc/info/lang.html). */
export function dot({ title, tiers, networks }: Picture): string {
  return `${[
    `graph ${quote(title)} {`,
    '  rankdir=LR; ranksep=1; node [fontname="sans-serif"];',
    ...tiers.flatMap((tier) => [
      `  { rank=same; ${tier.map(({ name }) => quote(`node ${name}`)).join('; ')} }`,
      ...tier.map(
        (node) =>
          `  ${quote(`node ${node.name}`)} [shape=box, style=rounded, label=${quote(...labelOf(node))}];`,
      ),
    ]),
    ...networks.map(
      ({ name, subnet }) => `  ${quote(`network ${name}`)} [shape=ellipse, label=${quote(name, subnet)}];`,
    ),
    ...networks.flatMap(({ name, behind, members }) =>
      members.map(({ node, tier }) => {
        const [from, to] = [`node ${node}`, `network ${name}`];
        return tier <= behind ? `  ${quote(from)} -- ${quote(to)};` : `  ${quote(to)} -- ${quote(from)};`;
      }),
    ),
    '}',
  ].join('\n')}\n`;
}

const quote = (...lines: readonly string[]): string =>
  `"${lines.map((line) => line.replaceAll(/[\\"]/g, '\\$&')).join('\\n')}"`;
