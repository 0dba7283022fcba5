import { describe, expect, test } from 'vitest';
import {
  checkExpectation,
  describeMetrics,
  metricTable,
  parseExpectation,
} from '../../../src/verdict/index.ts';

const scope = {
  traffic: [
    { name: 'held', type: 'held-tcp' as const },
    { name: 'requests', type: 'http' as const },
  ],
  faults: ['crash', 'heal-crash', 'node.freeze'],
  nodes: ['l4-1', 'l4-2', 'l7-1'],
  tiers: ['l4', 'l7'],
  measured: ['l4', 'l4-1'].map((name) => ({
    name,
    measures: { servers_up: 'gauge', 'weight.<node>': 'gauge', packets: 'counter' } as const,
  })),
};

test.each([
  'held.broken == 0',
  'held.broken.wrong-l7 != 3',
  'held.blackout.max<2.5s',
  'held.blackout.p99 >= 0',
  'held.on.l4-1 in crash..heal-crash > 10',
  'held.moved in crash..+5s > 0',
  'held.moved in node.freeze..+500ms > 0',
  'held.moved in crash .. end > 0',
  'held.beats before crash > held.beats after crash',
  'held.moved ~ 250 ± 33%',
  'held.moved ~ 250 +- 10',
  'held.moved ~ held.exposed ± 5',
  'held.broken ~ oracle',
  'held.moved ~ oracle ± 2%',
  'held.moved ~ oracle +- 3',
  'requests.share.l7-1 ~ 33% +/- 5%',
  'requests.share.l7.max_over_mean < 1.5',
  'held.share.l4.max_over_mean in crash..+5s ~ 1.1 ± 10%',
  'requests.error_rate < 0.1%',
  'requests.error_rate <= 0.001',
  'requests.rate >= 2900/m',
  'requests.latency.p999 in crash..+5s <= 1.5s',
  'l4-1.servers_up == 3',
  'l4.servers_up.min in crash..end >= 2',
  'l4-1.weight.l7-1 == 0 within crash..+3s',
  'l4-1.weight.l7-1.settled in crash..heal-crash < 3s',
  'l4-1.packets in crash..+5s > 10',
  'l4.packets.rate > 10/s',
])('"%s" can be judged', (expression) => {
  expect(checkExpectation(expression, scope)).toBeUndefined();
});

test.each([
  ['', 'column 1: expected a metric such as held.broken, the expectation ends here'],
  [
    'held == 0',
    'column 1: "held" is no metric: write the name of a traffic, a dot and the metric, such as held.broken',
  ],
  [
    'hold.broken == 0',
    'column 1: there is no traffic, node or tier "hold" that could be asked\ndid you mean "held"?',
  ],
  ['held.brokn == 0', 'column 6: there is no metric "brokn"\ndid you mean "broken"?'],
  ['requests.broken == 0', 'column 10: there is no metric "broken"\nmetrics of http: error_rate,'],
  ['held.share.l6.max_over_mean < 1', 'column 12: there is no tier "l6"'],
  ['held.share.l4.max_over_men < 1', 'column 6: there is no metric "share.l4.max_over_men"'],
  ['held.broken.rts == 0', 'column 13: there is no cause "rts"\ndid you mean "rst"?'],
  ['l4-1.servers == 3', 'column 6: there is no metric "servers"'],
  ['l4.weight.l7-9 == 0', 'column 11: there is no node "l7-9"'],
  ['l4.packets.max > 0', 'column 4: there is no metric "packets.max"'],
  ['l4.packets > 0 within crash..+1s', 'column 16: l4.packets has no value at a moment'],
  ['held.broken == 0 within crash..+1s', 'column 18: held.broken has no value at a moment'],
  ['l4.servers_up == 1 within crsh..+1s', 'column 20: nothing in the timeline is named "crsh"'],
  ['l4.servers_up == held.broken within crash..+1s', '"within" goes with a number'],
  ['0 < held.on.l4-9', 'column 1: expected a metric such as held.broken, found "0"'],
  ['held.on.l4-9 == 0', 'column 9: there is no node "l4-9"\ndid you mean "l4-1"?'],
  ['held.broken', 'column 12: expected a comparison (== != < <= > >= ~), the expectation ends here'],
  ['held.broken = 0', 'column 13: "=" is no comparison: did you mean "=="?'],
  [
    'held.broken == ',
    'column 15: expected a number, percentage, duration, rate or metric, the expectation ends here',
  ],
  [
    'held.broken == 5x',
    'column 16: "5x" is no number (5), percentage (0.1%), duration (2.5s) or rate (50/s)',
  ],
  ['held.broken == 0 or more', 'column 18: expected the end of the expectation, found "or"'],
  ['held.broken == $0', 'column 16: "$" has no meaning in an expectation'],
  ['held.broken == oracle', 'column 16: sets of flows are held against the oracle with "~"'],
  ['held.stalled ~ oracle', 'column 1: the oracle does not foretell held.stalled\nit foretells: held.broken'],
  ['held.moved after crash ~ oracle', 'column 12: the oracle foretells the timeline as a whole'],
  ['held.moved ~ oracle ± 1s', 'column 23: held.moved is a count, 1s is a duration'],
  ['held.moved ~ oracle 5', 'column 21: expected "±"'],
  ['held.broken ~ 5', 'column 16: expected "±" (or "+-") and a tolerance'],
  ['held.broken ~ 5 ± -1', 'column 19: a tolerance cannot be negative'],
  ['held.broken ~ 5 ± 1s', 'column 19: held.broken is a count, 1s is a duration: write it like 5'],
  ['held.blackout.max < 2', 'column 21: held.blackout.max is a duration, 2 has no unit: write it like 2.5s'],
  ['held.broken < 2s', 'column 15: held.broken is a count, 2s is a duration: write it like 5'],
  ['held.broken < 1%', 'column 15: held.broken is a count, 1% is a ratio: write it like 5'],
  ['requests.rate > 50', 'column 17: requests.rate is a rate, 50 has no unit: write it like 50/s'],
  [
    'held.broken == held.blackout.max',
    'column 16: held.blackout.max is a duration and cannot be compared with held.broken',
  ],
  [
    'held.connections before crash == 8',
    'column 18: held.connections is the same at all times: leave out "before crash"',
  ],
  [
    'held.moved in crsh..end > 0',
    'column 12: nothing in the timeline is named "crsh"\ndid you mean "crash"?',
  ],
  ['held.moved in crash..heal > 0', 'column 12: nothing in the timeline is named "heal"'],
  ['held.moved in crash > 0', 'column 21: expected ".." and the window\'s end after "crash"'],
  [
    'held.moved in crash..5s > 0',
    'column 22: expected the window\'s end: +5s, the name of a fault, or "end", found "5s"',
  ],
  ['held.moved in crash..+5 > 0', 'column 23: "5" is no duration'],
  ['held.moved after > 0', 'column 18: expected the name of a fault after "after", found ">"'],
])('"%s" is refused where and why it is wrong', (expression, message) => {
  expect(checkExpectation(expression, scope)).toContain(message);
});

test('operands are read in the units that metrics are measured in', () => {
  const operand = (text: string): unknown => parseExpectation(`held.broken < ${text}`).operand;
  expect(operand('2.5s')).toMatchObject({ unit: 'duration', value: 2500 });
  expect(operand('0.1%')).toMatchObject({ unit: 'ratio', value: 0.001 });
  expect(operand('3000/m')).toMatchObject({ unit: 'rate', value: 50 });
  expect(operand('-3')).toMatchObject({ unit: 'number', value: -3 });
});

describe('the list of metrics', () => {
  test('has a row in the documentation for each metric', () => {
    const [ofTraffic = '', ofNodes] = describeMetrics([]).split('\n\n## ');
    expect(ofTraffic.split('\n')).toHaveLength(metricTable.length + 2);
    expect(ofNodes).toContain('`<measure>.settled`');
    expect(describeMetrics([])).toContain('| `broken.<cause>` | held-tcp | count | yes |');
  });

  test('names only metrics that an expectation can ask for', () => {
    for (const { name, traffic, unit } of metricTable) {
      const metric = name.replace('<cause>', 'rst').replace('<node>', 'l4-1').replace('<tier>', 'l4');
      const value = { count: '1', duration: '1s', ratio: '1%', rate: '1/s', number: '1.2' }[unit];
      const expression = `${traffic === 'http' ? 'requests' : 'held'}.${metric} == ${value}`;
      expect(checkExpectation(expression, scope), expression).toBeUndefined();
    }
  });
});
