import { expect, onTestFinished, test, vi } from 'vitest';
import type { LiveLab } from '../../../src/lab/index.ts';
import { NodeWatch } from '../../../src/traffic/index.ts';

test('a node that takes long to answer or of which nobody expects anything is asked less often, and all the same when somebody wants to know', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const asked = { quick: 0, slow: 0, other: 0, slowOther: 0 };
  const watch = new NodeWatch(
    labOf(asked, { quick: 10, slow: 300, other: 10, slowOther: 300 }),
    () => {},
    () => Date.now(),
  );
  watch.start(({ name }) => name !== 'other' && name !== 'slowOther');
  await vi.advanceTimersByTimeAsync(6100);
  expect(asked).toEqual({ quick: 12, slow: 4, other: 6, slowOther: 2 });
  void watch.look();
  await vi.advanceTimersByTimeAsync(350);
  expect(asked).toEqual({ quick: 13, slow: 5, other: 7, slowOther: 3 });
  await watch.stop();
});

/** As far as a watch goes: nodes that count how often they are asked, and answer after so many milliseconds. */
function labOf<Name extends string>(asked: Record<Name, number>, takesMs: Record<Name, number>): LiveLab {
  const names = Object.keys(asked) as Name[];
  return {
    plan: { nodes: names.map((name) => ({ name })) },
    view: ({ name }: { name: Name }) => name,
    kindOf: () => ({
      measure: async (name: Name) => {
        asked[name]++;
        await new Promise((resolve) => setTimeout(resolve, takesMs[name]));
        return {};
      },
    }),
  } as unknown as LiveLab;
}
