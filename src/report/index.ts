export type { ScenarioResult } from '../verdict/index.ts';
export type { Failure } from './failure.ts';
export { type RunDetails, reportHtml } from './html.ts';
export { reportJson } from './json.ts';
export { reportJunit } from './junit.ts';
export { reportMarkdown } from './markdown.ts';
export { reportOverview } from './overview.ts';
export { reportSummary } from './summary.ts';
export { reportTerminal } from './terminal.ts';
