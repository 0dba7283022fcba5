import { addressesOf } from '../../base/families.ts';
import type { Plan, PlannedNode } from '../../topology/types.ts';
import type { ScenarioResult } from '../../verdict/index.ts';
import { protectionOff } from '../sentence.ts';
import { html, type Markup } from './markup.ts';
import type { PathRun } from './paths.ts';
import { table } from './table.ts';

/** What one must know to see the same again, and how to judge the saved run again. */
export function environmentSection(result: ScenarioResult, runs: readonly PathRun[]): Markup {
  const { main, control, file, runDir } = result;
  const [first] = runs;
  const facts: [string, string | undefined][] = [
    ['scenario', file],
    ['host', `${main.host}, Linux ${main.kernel}`],
    ...Object.entries(main.versions).map(([program, said]): [string, string] => [program, said]),
    ['seed', String(main.seed)],
    ['tierlab', first?.series.tierlab],
    ['started', first && new Date(first.series.startedAt).toISOString()],
    ['lab', main.lab],
    ['the control differs by', control && protectionOff(control)],
    [
      'traffic process late by',
      runs.map(({ judgement: { lag } }) => `${Math.round(lag.maxMs)} ms`).join(', control '),
    ],
    ['saved in', runDir],
  ];
  const rows = facts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
  return html`<section><h2>Environment</h2>
${table(['', ''], rows)}
${first?.plan === undefined ? undefined : nodes(first.plan)}
${sysctls(main.sysctls)}
<h3>Judge it again</h3>
<pre>tierlab judge ${shellWord(runDir)}
tierlab report ${shellWord(runDir)}</pre></section>`;
}

function nodes({ nodes: all }: Plan): Markup {
  const rows = all.map((node) => [
    node.name,
    node.kind,
    node.interfaces
      .flatMap((each) => addressesOf(each).map((own) => `${each.name} ${own.address}/${own.prefixLength}`))
      .join(', '),
    settings(node),
  ]);
  return html`<details><summary>${all.length} nodes and their settings</summary>${table(['node', 'kind', 'addresses', 'settings'], rows)}</details>`;
}

function sysctls(byKind: ScenarioResult['main']['sysctls']): Markup | undefined {
  const rows = Object.entries(byKind).flatMap(([kind, settings]) =>
    Object.entries(settings).map(([path, value]) => [kind, path.replaceAll('/', '.'), value]),
  );
  if (rows.length === 0) return undefined;
  return html`<details><summary>${rows.length} sysctls of the nodes</summary>${table(['kind', 'sysctl', 'value'], rows)}</details>`;
}

function settings({ options, asn, kind, hashFields }: PlannedNode): string {
  const known: Record<string, unknown> = {
    ...(asn === undefined ? {} : { asn }),
    ...(kind === 'bird' ? { fib_multipath_hash_fields: `0x${hashFields.toString(16)}` } : {}),
    ...options,
  };
  return Object.entries(known)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

const shellWord = (word: string): string =>
  /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
