import { WorldError } from '../base/errors.ts';
import type { HostKind, HostName, Requirements, Usability } from './contract.ts';
import { nativeHost } from './native/index.ts';
import { umlHost } from './uml/index.ts';

export { missingPackages } from './programs.ts';

/** Every host, in the order in which `auto` tries them. */
export const hostKinds: readonly HostKind[] = [nativeHost(), umlHost()];

export const hostNames: readonly HostName[] = hostKinds.map(({ name }) => name);

export function hostKind(name: HostName): HostKind {
  const kind = hostKinds.find((candidate) => candidate.name === name);
  if (kind === undefined) throw new Error(`no host kind "${name}"`);
  return kind;
}

/** What `tierlab doctor` shows: every host, in order. */
export function probeAll(
  requirements: Requirements,
  kinds: readonly HostKind[] = hostKinds,
): Promise<Usability[]> {
  return Promise.all(kinds.map((kind) => kind.probe(requirements)));
}

/**
 * The first usable host, or the named one: that never falls back to another.
 * @throws WorldError `host-unusable` (exit code 3) with every reason of every host that was asked, each with its remedy
 */
export async function chooseHost(
  name: 'auto' | HostName,
  requirements: Requirements,
  kinds: readonly HostKind[] = hostKinds,
): Promise<HostKind> {
  const refusals: Usability[] = [];
  for (const kind of kinds.filter((candidate) => name === 'auto' || candidate.name === name)) {
    const usability = await kind.probe(requirements);
    if (usability.usable) return kind;
    refusals.push(usability);
  }
  const message = name === 'auto' ? 'no host can be used here' : `the host "${name}" cannot be used here`;
  throw new WorldError(message, {
    code: 'host-unusable',
    exitCode: 3,
    hint: 'mend the problems of one host, or let "tierlab setup" install what is missing',
    details: refusals.flatMap(({ host, problems }) =>
      problems.map(({ what, remedy }) => `${host}: ${what} → ${remedy}`),
    ),
  });
}
