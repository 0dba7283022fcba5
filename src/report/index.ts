export type { ScenarioResult } from '../verdict/index.ts';
export { type JsonReport, reportJson } from './json.ts';
export { reportJunit } from './junit.ts';
export { reportMarkdown } from './markdown.ts';
export { reportTerminal, type TerminalOptions } from './terminal.ts';
