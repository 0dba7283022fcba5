import { expect, test } from 'vitest';
import { StatusBlock } from '../../../src/cli/status-block.ts';

/** What a terminal of so many columns shows in the end: it knows CUU, carriage return and ED, which is all that is used. */
function terminal(columns: number, rows = 24) {
  let screen = '';
  const stream = {
    columns,
    rows,
    write: (text: string) => {
      const up = /^\u001b\[(\d+)A\r\u001b\[J$/.exec(text);
      if (up === null) screen += text;
      else
        screen = `${screen
          .split('\n')
          .slice(0, -1 - Number(up[1]))
          .join('\n')}\n`.replace(/^\n/, '');
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  return { stream, shows: () => screen };
}

test('the block stays below whatever else is written', () => {
  const { stream, shows } = terminal(40);
  const block = new StatusBlock(stream);
  block.show(['a  boot', 'b  boot']);
  block.above(() => stream.write('warning: something\n'));
  block.show(['a  up', 'b  boot']);
  expect(shows()).toBe('warning: something\na  up\nb  boot\n');
  block.show([]);
  expect(shows()).toBe('warning: something\n');
});

test('a line never wraps, and the block never scrolls', () => {
  const { stream, shows } = terminal(10, 5);
  new StatusBlock(stream).show(Array.from({ length: 9 }, (_, i) => `${i} \u001b[31m0123456789`));
  expect(shows()).toBe('0 0123456\n1 0123456\n2 0123456\n');
});
