export { assertChangeable, carryOut, readyNodes } from './carry-out.ts';
export { type LabChange, labChange } from './change.ts';
export { beginChange, endChange } from './change-record.ts';
export { bringDown, strayLabs } from './down.ts';
export { environmentOf } from './environment.ts';
export { labView } from './lab-view.ts';
export { untilItLeadsOn } from './leads-on.ts';
export {
  claimEntry,
  forgetEntry,
  type LedgerEntry,
  ledgerEntries,
  updateEntry,
} from './ledger.ts';
export { type DaemonStatus, LiveLab } from './live.ts';
export {
  type LabPaths,
  labPaths,
  logFile,
  netnsName,
  netnsPath,
  type Programs,
} from './paths.ts';
export {
  type PlumbingOptions,
  plumbLab,
  plumbNode,
  removeCables,
  switchPort,
} from './plumbing/index.ts';
export { kindsOf, type LeftOut, leftOut } from './plumbing-only.ts';
export {
  isAlive,
  type LabState,
  labNames,
  noteTopologyFile,
  ownerOf,
  ownIdentity,
  type ProcessIdentity,
  readPlan,
  readState,
  requireLab,
} from './state.ts';
export { attach, bringUp, requirementsOf, requirementsOfKinds } from './up.ts';
