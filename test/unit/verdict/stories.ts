/** Every rule of the judge, and a history that violates it. */
import type { Verdict } from '../../../src/verdict/index.ts';
import { type Story, steadyAt, timelineAt } from './build-history.ts';

export interface ToldStory extends Story {
  readonly verdict: Verdict;
  /** All reasons, in order; each contains this. */
  readonly reasons: readonly string[];
  /** Damage to the text. */
  readonly damage?: (text: string) => string;
}

const resetOf = (flows: readonly number[]): NonNullable<Story['breaks']> =>
  Object.fromEntries(
    flows.map((flow) => [
      flow,
      { atMs: 1700 + flow, cause: 'rst' as const, waitingMs: 600, detail: 'ECONNRESET' },
    ]),
  );
const controlStory: Story = { role: 'control', set: { 'l4.sloppy_tcp': false }, moves: false };
const controlExpect = ['held.broken > 0', 'held.broken == held.exposed', 'held.collateral == 0'];
const oneBroken = ['held.broken == 0 does not hold: 1'];

export const stories: Readonly<Record<string, ToldStory>> = {
  clean: { verdict: 'pass', reasons: [] },

  // Expectations that do not hold.
  rst: {
    breaks: { 2: { atMs: 1702, cause: 'rst', waitingMs: 590, detail: 'ECONNRESET' } },
    verdict: 'fail',
    reasons: oneBroken,
  },
  eof: { breaks: { 3: { atMs: 2100, cause: 'eof' } }, verdict: 'fail', reasons: oneBroken },
  timeout: {
    breaks: { 2: { atMs: 5900, cause: 'timeout', waitingMs: 5000 } },
    verdict: 'fail',
    reasons: [...oneBroken, 'held.blackout.max < 2.5s does not hold: 5s'],
  },
  'wrong-l7': {
    breaks: { 4: { atMs: 1702, cause: 'wrong-l7', detail: 'answered by l7-3' } },
    verdict: 'fail',
    reasons: oneBroken,
  },
  'wrong-backend': {
    breaks: { 4: { atMs: 1702, cause: 'wrong-backend', detail: 'answered by web-3' } },
    verdict: 'fail',
    reasons: oneBroken,
  },
  corrupt: {
    breaks: { 1: { atMs: 300, cause: 'corrupt', detail: 'byte 12 of beat 4' } },
    verdict: 'fail',
    reasons: oneBroken,
  },
  'nodes-say-so': {
    says: [
      { atMs: -5, node: 'l4-1', values: { servers_up: 2, 'weight.l7-1': 1, packets: 1000 } },
      { atMs: -5, node: 'l4-2', values: { servers_up: 2, 'weight.l7-1': 1, packets: 500 } },
      // The crash of l4-1, a counter that begins anew after it, and what it had to do with nothing else.
      { atMs: 1200, node: 'l4-1' },
      { atMs: 4500, node: 'l4-1', values: { servers_up: 1, 'weight.l7-1': 0, packets: 40 } },
      { atMs: 5000, node: 'l4-1', values: { servers_up: 2, 'weight.l7-1': 1, packets: 90 } },
      { atMs: 5500, node: 'l4-2', values: { packets: 900 } },
    ],
    expect: [
      'l4.servers_up == 4',
      'l4.servers_up == 2 within crash..+1s',
      'l4.servers_up.min == 2',
      'l4-1.servers_up.settled in heal-crash..end ~ 1s ± 5ms',
      'l4-1.packets == 90',
      'l4.packets in heal-crash..end == 490',
      'l4-2.packets.rate ~ 66.6/s ± 1/s',
    ],
    verdict: 'pass',
    reasons: [],
  },
  'nodes-say-otherwise': {
    says: [{ atMs: -5, node: 'l4-1', values: { servers_up: 2, 'weight.l7-1': 1, packets: 1000 } }],
    expect: ['l4-1.servers_up == 1 within crash..+1s', 'l4-1.packets > 0', 'l4-2.packets == 0'],
    verdict: 'fail',
    reasons: [
      'l4-1.servers_up == 1 within crash..+1s does not hold: 2 at the end of that time',
      'l4-1.packets > 0 does not hold: 0',
      'l4-2.packets == 0 cannot be judged: l4-2 never said its packets',
    ],
  },
  'disturbed-check': {
    breaks: { 3: { atMs: 3100, cause: 'rst' } },
    says: [
      { atMs: -5, node: 'l4-2', values: { 'weight.l7-1': 1 } },
      { atMs: 3000, node: 'l4-2', values: { 'weight.l7-1': 0 } },
    ],
    verdict: 'unknown',
    reasons: ['l4-2 lost the server l7-1 3s into the timeline though nothing had been done to it'],
  },
  'disturbed-way': {
    says: [
      { atMs: -5, node: 'r-1', values: { 'way.l4-1': 1, 'way.l4-2': 1 } },
      // What the crash did is no disturbance, what befell the other is.
      { atMs: 1500, node: 'r-1', values: { 'way.l4-1': 0 } },
      { atMs: 2000, node: 'r-1', values: { 'way.l4-2': 0 } },
    ],
    // r-1 looks at l4-1, which was hit; its way over l4-2 has nothing to do with that.
    verdict: 'unknown',
    reasons: ['r-1 lost its way over l4-2 2s into the timeline though nothing had been done to it'],
  },
  'disturbed-in-one-family': {
    says: [
      {
        atMs: -5,
        node: 'r-1',
        values: { 'way.l4-2': 1, 'way4.l4-2': 1, 'way6.l4-2': 1, 'way.l4-1': 1, 'way6.l4-1': 1 },
      },
      { atMs: 1500, node: 'r-1', values: { 'way.l4-1': 0, 'way6.l4-1': 0 } },
      { atMs: 2000, node: 'r-1', values: { 'way6.l4-2': 0 } },
      // The rest of it is another loss, but not two.
      { atMs: 4000, node: 'r-1', values: { 'way.l4-2': 0, 'way4.l4-2': 0 } },
    ],
    verdict: 'unknown',
    reasons: [
      'r-1 lost its way over l4-2 (IPv6) 2s into the timeline though nothing had been done to it, and 1 more such loss:',
    ],
  },
  'nothing-moved': { moves: false, verdict: 'fail', reasons: ['held.moved > 0 does not hold: 0'] },
  'long-blackout': {
    stallMs: 2600,
    verdict: 'fail',
    reasons: ['held.blackout.max < 2.5s does not hold: 2.61s'],
  },
  'unanswered-at-the-end': {
    mute: { 5: 3200 },
    verdict: 'fail',
    reasons: ['held.blackout.max < 2.5s does not hold: 2.8s'],
  },
  'errors-above-rate': {
    requests: (n) => (n === 17 ? { cause: 'status', status: 503 } : undefined),
    verdict: 'fail',
    reasons: ['requests.error_rate < 0.1% does not hold: 3.33%'],
  },
  'high-latency': {
    requests: (n) => (n === 20 ? { ms: 700 } : undefined),
    verdict: 'fail',
    reasons: ['requests.latency.p99 < 500ms does not hold: 700ms'],
  },
  'fail-beats-unknown': {
    expect: ['held.moved == 0', 'held.broken in flood..end == 0'],
    verdict: 'fail',
    reasons: [
      'held.moved == 0 does not hold: 4',
      'held.broken in flood..end == 0 cannot be judged: flood never happened',
    ],
  },

  // Expectations that cannot be judged.
  'unknown-beats-pass': {
    expect: ['held.broken == 0', 'held.broken in flood..end == 0'],
    verdict: 'unknown',
    reasons: ['held.broken in flood..end == 0 cannot be judged: flood never happened'],
  },
  'unreadable-expectation': {
    expect: ['held.broken == 0', 'held.broken === 0'],
    verdict: 'unknown',
    reasons: ['held.broken === 0 cannot be judged: "=" is no comparison'],
  },
  'nothing-expected': { expect: [], verdict: 'unknown', reasons: ['nothing was expected'] },
  'nothing-to-measure': {
    expect: ['requests.latency.p99 in crash..+5s < 500ms'],
    sent: (n) => n < 15,
    change: (events) =>
      events.map((event) =>
        event.type === 'run'
          ? {
              ...event,
              traffic: event.traffic.map((spec) =>
                spec.type === 'http' ? { ...spec, ratePerSecond: 0.1 } : spec,
              ),
            }
          : event,
      ),
    verdict: 'unknown',
    reasons: ['cannot be judged: no request ended in this window'],
  },
  'router-hides-exposure': {
    crash: { targets: ['r-1'] },
    breaks: resetOf([2]),
    expect: ['held.collateral == 0'],
    verdict: 'unknown',
    reasons: [
      'held.collateral == 0 cannot be judged: no flow was ever seen to go through r-1, which crash hit',
    ],
  },

  // Runs that are not to be believed, though everything that was expected holds.
  'fault-not-landed': {
    crash: { landed: false, evidence: 'bird is still running' },
    verdict: 'unknown',
    reasons: ['crash did not land: bird is still running'],
  },
  'heal-not-landed': {
    heal: { landed: false, evidence: 'not ready' },
    verdict: 'unknown',
    reasons: ['heal-crash did not heal: not ready'],
  },
  'fault-never-happened': {
    change: (events) => events.filter(({ type }) => type !== 'fault'),
    verdict: 'unknown',
    reasons: ['crash never happened', 'heal-crash never happened'],
  },
  'never-steady': {
    change: (events) =>
      events
        .filter(({ t }) => t < steadyAt)
        .concat({
          type: 'phase',
          t: steadyAt,
          phase: 'not-steady',
          detail: 'held: flow 3 was answered after 1200 ms',
        }),
    verdict: 'unknown',
    reasons: ['steady state was never reached: held: flow 3 was answered after 1200 ms'],
  },
  'too-few-connections': {
    unopened: [7],
    verdict: 'unknown',
    reasons: [
      'held had 7 of 8 connections when steady state began (1 could not be opened, the first: refused: ECONNREFUSED)',
    ],
  },
  'too-few-requests': {
    sent: (n) => n < 10 || n % 5 !== 0,
    verdict: 'unknown',
    reasons: ['requests sent 4 of 5 requests a second'],
  },
  'traffic-too-slow': {
    lag: { atMs: 2500, ms: 620 },
    verdict: 'unknown',
    reasons: ['the traffic process was 620ms late (more than 500ms)'],
  },
  interrupted: {
    change: (events) =>
      events
        .filter(({ t }) => t < timelineAt + 2000)
        .concat({ type: 'phase', t: timelineAt + 2000, phase: 'interrupted', detail: 'interrupted' }),
    verdict: 'unknown',
    reasons: ["the run was interrupted 2s after the timeline's start"],
  },
  'no-end': {
    change: (events) => events.filter((event) => !(event.type === 'phase' && event.phase === 'end')),
    verdict: 'unknown',
    reasons: ["the history has no end: it stops 6.03s after the timeline's start"],
  },
  'ended-early': {
    change: (events) =>
      events.map((event) =>
        event.type === 'phase' && event.phase === 'end' ? { ...event, t: timelineAt + 5400 } : event,
      ),
    verdict: 'unknown',
    reasons: ['the run ended after 5.4s of 6s'],
  },
  torn: {
    damage: (text) => text.slice(0, -25),
    verdict: 'unknown',
    reasons: ['the history is torn: its last line (147) ends in the middle'],
  },
  damaged: {
    damage: (text) => text.replace('{"type":"beat"', '\u0000\u0000\u0000\u0000'),
    verdict: 'unknown',
    reasons: ['the history is damaged: 1 line is no event, the first'],
  },
  'silent-traffic': {
    mute: { 1: -1500 },
    change: (events) => events.filter((event) => !(event.type === 'close' && event.flow === 1)),
    expect: ['held.broken == 0'],
    verdict: 'unknown',
    reasons: ['held has neither an answer nor an end on record for 1 flow at the end'],
  },
  // An unbelievable run is unknown even if an expectation fails.
  'doubt-beats-fail': {
    lag: { atMs: 2500, ms: 501 },
    breaks: resetOf([2]),
    verdict: 'unknown',
    reasons: ['the traffic process was 501ms late'],
  },

  // Controls: what they expect is how they must break.
  'control-broke-as-named': {
    ...controlStory,
    expect: controlExpect,
    breaks: resetOf([0, 2, 4, 6]),
    verdict: 'pass',
    reasons: [],
  },
  'control-did-not-break': {
    ...controlStory,
    expect: controlExpect,
    verdict: 'fail',
    reasons: [
      'held.broken > 0 does not hold: 0',
      'held.broken == held.exposed does not hold: 0 (held.exposed: 4)',
    ],
  },
  'control-broke-others': {
    ...controlStory,
    expect: controlExpect,
    breaks: resetOf([0, 2, 4, 7]),
    verdict: 'fail',
    reasons: ['held.collateral == 0 does not hold: 1'],
  },
  'control-not-steady': {
    ...controlStory,
    expect: controlExpect,
    breaks: resetOf([0, 2, 4, 6]),
    unopened: [1],
    verdict: 'unknown',
    reasons: ['held had 7 of 8 connections'],
  },

  // The oracle: sets of flows, not numbers of them.
  'oracle-agrees': {
    expect: [
      'held.broken ~ oracle',
      'held.moved ~ oracle',
      'held.disagreeing.moved == 0',
      'held.predicted.moved == 4',
    ],
    breaks: resetOf([2, 6]),
    foretold: { broken: { must: [2, 6] }, moved: { must: [0, 2, 4, 6] } },
    verdict: 'pass',
    reasons: [],
  },
  'oracle-other-flows': {
    expect: ['held.broken ~ oracle'],
    breaks: resetOf([2, 6]),
    foretold: { broken: { must: [2, 5] } },
    verdict: 'fail',
    reasons: [
      'held.broken ~ oracle does not hold: 2 (oracle: 2, 2 disagree: 1 foretold and spared, 1 not foretold)',
    ],
  },
  'oracle-foretold-none': {
    expect: ['held.broken ~ oracle'],
    breaks: resetOf([2]),
    foretold: {},
    verdict: 'fail',
    reasons: ['held.broken ~ oracle does not hold: 1 (oracle: 0, 1 disagree: 1 not foretold)'],
  },
  'oracle-within-tolerance': {
    expect: ['held.moved ~ oracle ± 25%', 'held.moved ~ oracle ± 1'],
    foretold: { moved: { must: [0, 2, 4, 6, 7], least: 5, most: 5 } },
    verdict: 'pass',
    reasons: [],
  },
  'oracle-beyond-tolerance': {
    expect: ['held.moved ~ oracle ± 20%'],
    foretold: { moved: { must: [0, 2, 3, 4, 7] } },
    verdict: 'fail',
    reasons: ['held.moved ~ oracle ± 20% does not hold: 4 (oracle: 5, 3 disagree'],
  },
  'oracle-said-nothing': {
    expect: ['held.broken ~ oracle', 'held.disagreeing.broken == 0'],
    verdict: 'unknown',
    reasons: [
      'held.broken ~ oracle cannot be judged: nothing was foretold',
      'held.disagreeing.broken == 0 cannot be judged: nothing was foretold',
    ],
  },
  'oracle-cannot-say': {
    expect: ['held.moved ~ oracle'],
    foretold: { moved: { must: [0, 2, 4], unsaid: [6] } },
    verdict: 'unknown',
    reasons: ['held.moved ~ oracle cannot be judged: the oracle cannot say it of 1 flows: the routers send'],
  },
  'oracle-wrong-where-it-spoke': {
    expect: ['held.moved ~ oracle'],
    foretold: { moved: { must: [0, 1], unsaid: [2, 4, 6] } },
    verdict: 'fail',
    reasons: ['held.moved ~ oracle does not hold: 4 (oracle: 2 to 5, 1 disagree: 1 foretold and spared)'],
  },
  'oracle-gave-chances': {
    expect: ['held.moved ~ oracle'],
    foretold: { moved: { may: [0, 1, 2, 3, 4, 5, 6, 7], least: 1, most: 7 } },
    verdict: 'pass',
    reasons: [],
  },
  'oracle-bounds-exceeded': {
    expect: ['held.moved ~ oracle'],
    foretold: { moved: { may: [0, 1, 2, 3, 4, 5, 6, 7], least: 0, most: 2 } },
    verdict: 'fail',
    reasons: ['held.moved ~ oracle does not hold: 4 (oracle: 0 to 2, 2 disagree: 2 beyond the bounds)'],
  },
  'oracle-could-not-ask': {
    expect: ['held.broken ~ oracle'],
    foretold: { unknowable: 'r-1 named the way of 0 of 8 flows' },
    verdict: 'unknown',
    reasons: ['cannot be judged: nothing could be foretold: r-1 named the way of 0 of 8 flows'],
  },
  // Whoever speaks afterwards foretells nothing.
  'oracle-spoke-late': {
    expect: ['held.moved ~ oracle'],
    foretold: { t: timelineAt + 3000, moved: { must: [0, 2, 4, 6] } },
    verdict: 'unknown',
    reasons: ['cannot be judged: it was foretold only when the timeline had begun'],
  },
  'oracle-of-other-traffic': {
    expect: ['held.moved ~ oracle'],
    foretold: { flows: 6, moved: { must: [0, 2, 4] } },
    verdict: 'unknown',
    reasons: ['cannot be judged: it was foretold of 6 flows, not of 8'],
  },
  // Routers that lead straight to L7 nodes: nobody can see a flow move, whatever was foretold.
  'oracle-where-nobody-watches': {
    expect: ['held.broken ~ oracle', 'held.moved ~ oracle'],
    breaks: resetOf([2]),
    foretold: { broken: { must: [2] }, moved: { must: [0, 1] } },
    change: (events) => events.filter(({ type }) => type !== 'path'),
    verdict: 'unknown',
    reasons: ['held.moved ~ oracle cannot be judged: no flow was ever seen on an L4 node'],
  },
  // A FIN that is sent again and again goes another way when its old one is gone: no flow moved.
  'moved-after-its-end': {
    expect: ['held.moved == 3'],
    breaks: { 2: { atMs: 100, cause: 'rst' } },
    change: (events) =>
      events.map((event) =>
        event.type === 'path' && 'from' in event ? { ...event, t: event.t + 1000 } : event,
      ),
    verdict: 'pass',
    reasons: [],
  },

  // What others than the socket say of a flow in trouble changes no verdict.
  'in-trouble': {
    expect: ['held.broken == 1', 'held.stalled == 4'],
    stallMs: 1200,
    breaks: { 1: { atMs: 4700, cause: 'rst', detail: 'ECONNRESET' } },
    change: (events) => [
      ...events,
      {
        type: 'entry',
        t: timelineAt + 4100,
        client: '203.0.113.11:20001',
        service: 'web',
        l4: 'l4-2',
        l7: 'l7-2',
        state: 'ESTABLISHED',
        idleSeconds: 1,
      },
      {
        type: 'route',
        t: steadyAt + 6,
        client: '203.0.113.11:20001',
        way: ['client', 'edge', 'r-1', 'l4-2'],
      },
      {
        type: 'route',
        t: timelineAt + 5200,
        client: '203.0.113.11:20001',
        way: ['client', 'edge', 'r-2', 'l4-1'],
      },
      {
        type: 'log',
        t: timelineAt + 6100,
        client: '203.0.113.11:20001',
        node: 'l7-2',
        line: '203.0.113.11:20001 tl_web/web-3 101 cD 812 4711 58c90cc9',
      },
      {
        type: 'packets',
        t: timelineAt + 6200,
        client: '203.0.113.11:20001',
        file: 'main-pcap/held-1.pcapng',
        packets: 102,
        nodes: ['client', 'edge', 'r-1', 'l4-2', 'l7-2', 'r-2', 'l4-1'],
        ended: { by: 'l4-1', with: 'RST' },
      },
      {
        type: 'route',
        t: steadyAt + 6,
        client: '203.0.113.12:20002',
        way: ['client', 'edge', 'r-1', 'l4-1'],
      },
      {
        type: 'route',
        t: timelineAt + 2900,
        client: '203.0.113.12:20002',
        way: ['client', 'edge', 'r-1', 'l4-2'],
      },
    ],
    verdict: 'pass',
    reasons: [],
  },

  // Without tier 2 the routers' way ends at the proxy itself, and nobody has a table.
  'in-trouble-without-tier-2': {
    expect: ['held.broken == 1'],
    breaks: { 1: { atMs: 4700, cause: 'rst', detail: 'ECONNRESET' } },
    change: (events) => [
      ...events.filter(({ type }) => type !== 'path'),
      {
        type: 'route',
        t: steadyAt + 6,
        client: '203.0.113.11:20001',
        way: ['client', 'edge', 'r-1', 'l7-2'],
      },
    ],
    verdict: 'pass',
    reasons: [],
  },
};
