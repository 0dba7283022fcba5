import { expect, test } from 'vitest';
import type { HostKind, HostName, Requirements, Usability } from '../../../src/hosts/contract.ts';
import { chooseHost, hostKinds, missingPackages, probeAll } from '../../../src/hosts/index.ts';

const nothing: Requirements = { modules: [], programs: [] };

test('hosts are tried in the order native, uml', () => {
  expect(hostKinds.map(({ name }) => name)).toEqual(['native', 'uml']);
});

test('auto takes the first host that is usable', async () => {
  const kinds = [host('native', ['not root']), host('uml', [])];
  expect((await chooseHost('auto', nothing, kinds)).name).toBe('uml');
  expect((await chooseHost('auto', nothing, [host('native', []), host('uml', [])])).name).toBe('native');
});

test('a named host never falls back', async () => {
  const kinds = [host('native', ['not root']), host('uml', [])];
  await expect(chooseHost('native', nothing, kinds)).rejects.toMatchObject({
    code: 'host-unusable',
    exitCode: 3,
    message: 'the host "native" cannot be used here',
    details: ['native: not root → mend not root'],
  });
});

test('when no host is usable, every reason of every host is told with its remedy', async () => {
  const kinds = [host('native', ['not root', 'no ip_vs']), host('uml', ['no linux.uml'])];
  await expect(chooseHost('auto', nothing, kinds)).rejects.toMatchObject({
    code: 'host-unusable',
    exitCode: 3,
    details: [
      'native: not root → mend not root',
      'native: no ip_vs → mend no ip_vs',
      'uml: no linux.uml → mend no linux.uml',
    ],
  });
});

test('a module and a program that exist nowhere make every host unusable, and are named', async () => {
  const required = {
    modules: ['no_such_module'],
    programs: [{ command: 'no-such-program', debianPackage: 'no-such-package' }],
  };
  for (const { usable, problems, summary } of await probeAll(required)) {
    expect(usable).toBe(false);
    expect(summary).not.toBe('');
    const told = problems.map(({ what, remedy }) => `${what} | ${remedy}`).join('\n');
    expect(told).toContain('no-such-program');
    expect(told).toContain('install --no-install-recommends no-such-package');
  }
});

test('missing packages are named once, sorted, and those of programs that exist are not', () => {
  const required = {
    modules: [],
    programs: [
      { command: 'zz-no-such-program', debianPackage: 'zz' },
      { command: 'aa-no-such-program', debianPackage: 'aa' },
      { command: 'another-no-such-program', debianPackage: 'aa' },
      { command: 'sh', debianPackage: 'dash' },
    ],
  };
  expect(missingPackages(required, [])).toEqual(['aa', 'zz']);
});

/** A host as a plain value: only its answer to `probe` matters here. */
function host(name: HostName, what: readonly string[]): HostKind {
  const refuse = (): never => {
    throw new Error('choosing a host must not open it');
  };
  const usability: Usability = {
    host: name,
    usable: what.length === 0,
    summary: name,
    problems: what.map((problem) => ({ what: problem, remedy: `mend ${problem}` })),
  };
  return {
    name,
    processors: () => 1,
    probe: async () => usability,
    open: refuse,
    connect: refuse,
    destroy: refuse,
  };
}
