/** What a file says may reach a shell, `ip -batch` and four configuration languages: each hostile text is refused or has no effect. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { InputError } from '../../../src/base/errors.ts';
import { kinds, kindTable } from '../../../src/kinds/index.ts';
import { labPaths, plumbLab } from '../../../src/lab/index.ts';
import { parseDocument, planTopology, topologyOf } from '../../../src/topology/index.ts';
import { payloads, placesIn, withText } from '../hostile.ts';

const root = join(import.meta.dirname, '../../..');
const lab = labPaths('hostile', '/home/user/.local/state/tierlab');
const programs = { directory: '/opt/tierlab/dist', node: '/usr/bin/node' };

const base = parse(readFileSync(join(root, 'topologies/three-tier.yaml'), 'utf8')) as unknown;

/** Every place of the file that holds a text, and every key of a map. */
const places = placesIn(base);

test.each(Object.entries(payloads))('%s is refused or has no effect, wherever it stands', (_, payload) => {
  const effective = places.flatMap(({ path, isKey }) => {
    const rendered = renderedOf(stringify(withText(base, path, isKey, payload)));
    return rendered.includes('pwned') ? [path.join('.')] : [];
  });
  expect(effective).toEqual([]);
});

test('the places are the real ones: a harmless name comes out where it is put in', () => {
  const texts = places.filter(({ isKey }) => isKey).map(({ path }) => withText(base, path, true, 'pwned'));
  expect(texts.length).toBeGreaterThan(20);
  const named = readFileSync(join(root, 'topologies/three-tier.yaml'), 'utf8').replaceAll('fabric', 'pwned');
  expect(renderedOf(named)).toContain('pwned');
});

/** All that is written for a lab, names of files included; nothing if the file is refused. */
function renderedOf(text: string): string {
  try {
    const topology = topologyOf(parseDocument(text, 'hostile.yaml'), kindTable);
    const { files, argv } = plumbLab(planTopology(topology, kindTable), lab, { kinds, programs, lanes: 2 });
    return [...files].flat().concat(argv).join('\n');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return '';
  }
}
