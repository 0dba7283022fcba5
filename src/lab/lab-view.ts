import { join } from 'node:path';
import type { LabView } from '../kinds/contract.ts';
import type { LiveLab } from './live.ts';

/** The lab as the kinds of its nodes see it. */
export function labView(lab: LiveLab): LabView {
  return {
    plan: lab.plan,
    view: (node) => lab.view(node),
    alive: async (node) => (await lab.daemons(node)).every(({ state }) => state === 'running'),
    write: (node, file, content) => {
      const view = lab.view(node);
      return view.writeFile(join(view.paths.files, file), content);
    },
    alone: (task) => lab.alone(task),
    start: (node, daemon, further) => lab.startDaemon(node, daemon, further),
  };
}
