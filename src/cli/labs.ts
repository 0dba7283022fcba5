/** Finding and opening the lab that a command means. */

import { WorldError } from '../base/errors.ts';
import { exists } from '../base/exists.ts';
import { programsDirectory } from '../base/programs.ts';
import { suggest } from '../base/suggest.ts';
import { hostKind } from '../hosts/index.ts';
import { kinds, kindTable } from '../kinds/index.ts';
import {
  attach,
  kindsOf,
  type LabPaths,
  type LabState,
  type LiveLab,
  labNames,
  type PlumbingOptions,
  requireLab,
} from '../lab/index.ts';
import { loadTopology } from '../topology/index.ts';

/** Past four lanes the kernel's rtnl lock makes plumbing slower. */
const mostLanes = 4;

export function plumbingOptions(): PlumbingOptions {
  return {
    kinds,
    programs: { directory: programsDirectory(), node: process.execPath },
    lanes: mostLanes,
  };
}

/**
 * What a command needs a lab to have. `whole`: it is up. `daemons`: it may have failed to come up (`--keep-failed`), as far as it came.
 * `plumbing`: it may also be one that is only plumbed.
 */
type Needs = 'whole' | 'daemons' | 'plumbing';

/** The lab of that name, or the only one. */
export async function findLab(
  name: string | undefined,
  needs: Needs = 'whole',
): Promise<Awaited<ReturnType<typeof requireLab>>> {
  const found = await requireLab(name ?? (await onlyLab()), { partly: needs !== 'whole' });
  if (needs === 'plumbing' || found.state.lacking === undefined) return found;
  throw new WorldError(`lab "${found.lab.name}" has no daemons: it was brought up with --plumbing-only`, {
    code: 'plumbing-only',
    exitCode: 4,
    hint: 'ps, exec, shell, capture, graph and down work on it; for more, bring it up again without',
  });
}

/** The same for what needs no daemons. */
export const withPlumbing = <T>(name: string | undefined, use: Use<T>): Promise<T> =>
  withLab(name, use, 'plumbing');

type Use<T> = (live: LiveLab, found: { lab: LabPaths; state: LabState }) => Promise<T>;

/** Runs `use` on the live lab and disconnects afterwards. */
export async function withLab<T>(name: string | undefined, use: Use<T>, needs: Needs = 'whole'): Promise<T> {
  const { lab, state, plan } = await findLab(name, needs);
  const options = plumbingOptions();
  const live = await attach(lab, plan, hostKind(state.host), {
    ...options,
    kinds: kindsOf(options.kinds, state.lacking),
  });
  try {
    return await use(live, { lab, state });
  } finally {
    await live.host.disconnect();
  }
}

/** A node of the lab (or the switch of a network), with a did-you-mean if there is none. */
export function requirePlace(live: LiveLab, name: string): string {
  const places = [
    ...live.plan.nodes.map((node) => node.name),
    ...live.plan.networks.map((network) => network.name),
  ];
  if (places.includes(name)) return name;
  throw new WorldError(`lab "${live.paths.name}" has no node "${name}"`, {
    code: 'no-such-node',
    exitCode: 4,
    hint: suggest(name, places, 'nodes and switches'),
  });
}

/** `down` takes names of labs as well as the topology files that they came from. */
export async function labNameOf(nameOrFile: string): Promise<string> {
  const isFile = /\.ya?ml$/.test(nameOrFile) && (await exists(nameOrFile));
  return isFile ? (await loadTopology(nameOrFile, kindTable)).name : nameOrFile;
}

async function onlyLab(): Promise<string> {
  const names = await labNames();
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new WorldError(
    only === undefined ? 'no lab is running' : `${names.length} labs are running: which one?`,
    {
      code: only === undefined ? 'no-lab' : 'which-lab',
      exitCode: 4,
      hint:
        only === undefined
          ? 'start one with `tierlab up topologies/three-tier.yaml`'
          : `say --lab NAME; labs: ${names.join(', ')}`,
    },
  );
}
