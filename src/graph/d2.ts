import { labelOf, type Picture } from './picture.ts';

/** For D2 (https://d2lang.com/tour/strings). */
export function d2({ tiers, networks }: Picture): string {
  return `${[
    'direction: right',
    ...tiers.flat().map((node) => `${quote(`node ${node.name}`)}: ${quote(...labelOf(node))}`),
    ...networks.map(
      ({ name, subnet }) => `${quote(`network ${name}`)}: ${quote(name, subnet)} {shape: oval}`,
    ),
    ...networks.flatMap(({ name, behind, members }) =>
      members.map(({ node, tier }) => {
        const [from, to] = [`node ${node}`, `network ${name}`];
        return tier <= behind ? `${quote(from)} -- ${quote(to)}` : `${quote(to)} -- ${quote(from)}`;
      }),
    ),
  ].join('\n')}\n`;
}

/** `$` would begin a substitution. */
const quote = (...lines: readonly string[]): string =>
  `"${lines.map((line) => line.replaceAll(/[\\"$]/g, '\\$&')).join('\\n')}"`;
