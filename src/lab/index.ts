export { bringDown } from './down.ts';
export { type DaemonStatus, LiveLab } from './live.ts';
export {
  type LabPaths,
  labPaths,
  logFile,
  netnsName,
  nodePaths,
  type Programs,
  tierlabHome,
} from './paths.ts';
export {
  type Kinds,
  type PlumbingOptions,
  plumbLab,
  plumbNode,
  startDaemons,
  switchPort,
} from './plumbing.ts';
export { type LabState, labNames, readPlan, readState, requireLab } from './state.ts';
export { attach, bringUp, requirementsOf, requirementsOfKinds, type UpOptions } from './up.ts';
