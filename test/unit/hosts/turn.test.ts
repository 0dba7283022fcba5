import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurn } from '../../../src/hosts/uml/turn.ts';

const nameOf = (what: string): string => `tierlab-test-${process.pid}-${what}`;

/** Another process that has the turn. */
async function holder(name: string): Promise<ReturnType<typeof spawn>> {
  const program = `require('node:net').createServer().listen({ path: '\\0' + process.argv[1] }, () => console.log('here'))`;
  const child = spawn(process.execPath, ['-e', program, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('while another process has the turn nobody else acts, and its end ends that, however it ends', async () => {
  const child = await holder(nameOf('one'));
  let acted = false;
  const turn = inTurn(nameOf('one'), 20_000, () => {
    acted = true;
  });
  await delay(300);
  expect(acted).toBe(false);
  child.kill('SIGKILL');
  await turn;
  expect(acted).toBe(true);
});

test('one after another gets it, also where what is done fails', async () => {
  const order: number[] = [];
  const all = [0, 1, 2, 3].map((i) =>
    inTurn(nameOf('two'), 20_000, () => {
      order.push(i);
      if (i === 1) throw new Error('it did not work');
    }).catch((error: Error) => error.message),
  );
  expect((await Promise.all(all)).filter((each) => each !== undefined)).toEqual(['it did not work']);
  expect(order.toSorted()).toEqual([0, 1, 2, 3]);
});

test('one that was stopped with the turn is not waited for for ever', async () => {
  const child = await holder(nameOf('three'));
  child.kill('SIGSTOP');
  expect(await inTurn(nameOf('three'), 200, () => 'done')).toBe('done');
  child.kill('SIGKILL');
});
