import type { Diagnostic } from '../base/errors.ts';
import type { Check } from './check.ts';
import { checkAddresses } from './check-addresses.ts';
import { checkChains } from './check-chains.ts';
import { checkFamilies } from './check-families.ts';
import { checkNames } from './check-names.ts';
import { checkReferences } from './check-references.ts';
import { checkReflectors } from './check-reflectors.ts';
import type { YamlDocument } from './document.ts';
import type { KindTable, Topology } from './types.ts';
import { inOrder } from './validate.ts';

/** Checks everything in a topology that refers to something else in it. @returns all problems, in the order of the file */
export function crossCheck(
  topology: Topology,
  kinds: KindTable,
  locate: YamlDocument['locate'],
): Diagnostic[] {
  const problems: Diagnostic[] = [];
  const check: Check = {
    topology,
    kinds,
    groups: new Map(topology.nodes.map((group) => [group.name, group])),
    problem(path, message, hint, at = 'value') {
      problems.push({ ...locate(path, at), message, ...(hint === undefined ? {} : { hint }) });
    },
  };
  checkNames(check);
  checkAddresses(check);
  checkReferences(check);
  checkReflectors(check);
  checkChains(check);
  checkFamilies(check);
  return inOrder(problems);
}
