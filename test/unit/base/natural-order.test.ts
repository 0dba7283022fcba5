import { expect, test } from 'vitest';
import { naturally } from '../../../src/base/natural-order.ts';

test('nodes stand in the order in which people count them', () => {
  expect(['l7-10', 'l7-2', 'l4-1', 'l7-1'].sort(naturally)).toEqual(['l4-1', 'l7-1', 'l7-2', 'l7-10']);
});
