import { afterAll, expect, test } from 'vitest';
import type { Host } from '../../../src/hosts/contract.ts';
import { hostKind } from '../../../src/hosts/index.ts';
import { kinds } from '../../../src/kinds/index.ts';
import { LiveLab, labPaths } from '../../../src/lab/index.ts';
import { threeTier } from '../kinds/three-tier.ts';

const paths = labPaths('reader', '/nowhere');
const native = await hostKind('native').connect(paths);
afterAll(() => native.disconnect());

test('a node without a namespace says so, and carries nothing', async () => {
  const { lab } = await labHere();
  await expect(lab.view(lab.node('l4-1')).readFile('/proc/net/dev')).rejects.toThrow(
    `cannot open namespace /run/netns/tl-${paths.id}-l4-1: No such file or directory`,
  );
  expect(await lab.flows()).toEqual([
    { node: 'l4-1', flows: [] },
    { node: 'l4-2', flows: [] },
  ]);
});

test('one process answers all, each what it asked', async () => {
  const { lab, started } = await labHere();
  const names = ['r-1', 'l4-2', 'l7-3'];
  const answers = await Promise.allSettled(
    names.map((name) => lab.view(lab.node(name)).readFile('/proc/net/dev')),
  );
  expect(answers.map((answer) => answer.status === 'rejected' && String(answer.reason))).toEqual(
    names.map((name) => expect.stringContaining(`tl-${paths.id}-${name}:`)),
  );
  expect(started).toHaveLength(1);
});

test('what asked a process that ends hears of it, and the next question begins another', async () => {
  const { lab, started } = await labHere();
  const ask = () => lab.view(lab.node('r-1')).readFile('/proc/net/dev');
  const unanswered = ask();
  started[0]?.kill('SIGKILL');
  await expect(unanswered).rejects.toThrow('ended');
  await expect(ask()).rejects.toThrow('cannot open namespace');
  expect(started).toHaveLength(2);
});

/** A lab that is not there on this machine, and the processes that it starts. */
async function labHere(): Promise<{ lab: LiveLab; started: ReturnType<Host['spawn']>[] }> {
  const started: ReturnType<Host['spawn']>[] = [];
  const host: Host = {
    ...native,
    spawn: (argv, options) => {
      const program = native.spawn(argv, options);
      started.push(program);
      return program;
    },
  };
  const options = { kinds, programs: { directory: '/programs', node: '/node' }, lanes: 1 };
  return { lab: new LiveLab(paths, await threeTier(), host, options), started };
}
