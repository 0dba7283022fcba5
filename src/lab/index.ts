export { bringDown } from './down.ts';
export { environmentOf } from './environment.ts';
export { type DaemonStatus, LiveLab } from './live.ts';
export {
  type LabPaths,
  labPaths,
  logFile,
  netnsName,
  type Programs,
} from './paths.ts';
export {
  type PlumbingOptions,
  plumbLab,
  plumbNode,
  switchPort,
} from './plumbing.ts';
export {
  isAlive,
  type LabState,
  labNames,
  ownIdentity,
  type ProcessIdentity,
  readPlan,
  requireLab,
} from './state.ts';
export { attach, bringUp, requirementsOf, requirementsOfKinds } from './up.ts';
