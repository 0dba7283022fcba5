import { z } from 'zod';
import { seeded } from '../base/random.ts';
import type { LiveLab } from '../lab/index.ts';
import { defineFault } from './contract.ts';
import { bitrateField, durationField, shareField } from './fields.ts';
import { type Device, directionField, egressDevices } from './traffic-control.ts';

const effects = z.strictObject({
  delay: durationField('How much later every packet comes.', [0, 60_000]).optional(),
  jitter: durationField('How much the delay varies, up and down.', [0, 60_000]).optional(),
  loss: shareField('Share of packets that are lost.').optional(),
  burst: z
    .number()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: 'How many packets are lost in a row, on average. Default: each by itself.' }),
  duplicate: shareField('Share of packets that come twice.').optional(),
  reorder: shareField('Share of packets that overtake the delayed ones.').optional(),
  corrupt: shareField('Share of packets in which one bit is wrong.').optional(),
  rate: bitrateField('Most that gets through.').optional(),
});

type Effects = z.output<typeof effects>;

/** A cable becomes slow, lossy or narrow (tc-netem(8)). The carrier stays. */
export const linkNetem = defineFault({
  traits: {
    name: 'link.netem',
    summary: 'a cable delays, loses, doubles, reorders or corrupts packets, or lets only so many through',
    target: 'link',
    modules: ['sch_netem'],
    options: z.strictObject({
      direction: directionField,
      ...effects.shape,
      seed: z
        .int()
        .min(0)
        .max(4_294_967_295)
        .optional()
        .meta({ description: "Which packets are hit follows from it. Default: the scenario's." }),
    }),
    refuse: (_node, options) => refuseCombination(options),
  },

  isRenewed: true,

  async inject(lab, { node, network = '', seed = 1 }, options) {
    await lab.host.loadModules(['sch_netem']);
    const devices = egressDevices(lab, node, network, options.direction);
    const commands = netemCommands(`${node.name}:${network}`, devices, options, options.seed ?? seed);
    await lab.script(`netem on the cable of ${node.name}`, ['set -e', ...commands].join('\n'));
    const seen = await look(lab, devices);
    const isSeeded = seen.every((text) => text.includes(' seed '));
    return {
      landed: seen.every((text) => text !== ''),
      evidence: [
        ...devices.map(({ direction }, i) => `${direction}: ${seen[i] || 'no netem'}`),
        ...(isSeeded || !isRandom(options) ? [] : ['not seeded: this kernel or its tc takes no seed']),
      ].join('; '),
    };
  },

  async heal(lab, { node, network = '' }, options) {
    const devices = egressDevices(lab, node, network, options.direction);
    const counted = await look(lab, devices);
    const commands = devices.map(
      ({ netns, device }) => `tc -n ${netns} qdisc del dev ${device} root 2>/dev/null || true`,
    );
    await lab.script(`no netem on the cable of ${node.name}`, commands.join('\n'));
    const left = (await look(lab, devices)).filter((text) => text !== '');
    return {
      landed: left.length === 0,
      evidence: left.length === 0 ? `it was: ${counted.join('; ')}` : left.join('; '),
    };
  },
});

/**
 * Shell lines that put netem on a cable. Each end has chances of its own, or what is sent and what is answered, here and on other
 * cables, would share their fate. Kernels before 6.6 take no seed, and their tc knows no such word.
 */
export function netemCommands(
  cable: string,
  devices: readonly Device[],
  options: Effects,
  seed: number,
): string[] {
  const settings = netemSettings(options);
  return devices.map(({ netns, device, direction }) => {
    const add = `tc -n ${netns} qdisc replace dev ${device} root netem ${settings}`;
    const own = Math.floor(seeded(seed, `netem ${cable} ${direction}`).next() * 2 ** 32);
    return `${add} seed ${own} 2>/dev/null || ${add}`;
  });
}

/** Loss in bursts is netem's Gilbert model: p into a burst, r out of it, lost while in it. */
function netemSettings({ delay, jitter, loss, burst, duplicate, reorder, corrupt, rate }: Effects): string {
  const percent = (share: number): string => `${Number((share * 100).toFixed(6))}%`;
  const milliseconds = (ms: number): string => `${Math.round(ms * 1000)}us`;
  const outOfBurst = 1 / (burst ?? 1);
  const intoBurst = ((loss ?? 0) * outOfBurst) / Math.max(1 - (loss ?? 0), 1e-6);
  return [
    // The default of 1000 packets would be a loss of its own where many are under way.
    'limit 100000',
    ...(delay === undefined ? [] : [`delay ${milliseconds(delay)}`]),
    ...(jitter === undefined ? [] : [milliseconds(jitter)]),
    ...(loss === undefined
      ? []
      : burst === undefined
        ? [`loss random ${percent(loss)}`]
        : [`loss gemodel ${percent(Math.min(1, intoBurst))} ${percent(outOfBurst)}`]),
    ...(duplicate === undefined ? [] : [`duplicate ${percent(duplicate)}`]),
    ...(corrupt === undefined ? [] : [`corrupt ${percent(corrupt)}`]),
    ...(reorder === undefined ? [] : [`reorder ${percent(reorder)}`]),
    ...(rate === undefined ? [] : [`rate ${Math.round(rate)}bit`]),
  ].join(' ');
}

function refuseCombination(options: Effects): { key: string; message: string; hint?: string } | undefined {
  const { delay, jitter, loss, burst, duplicate, reorder, corrupt, rate } = options;
  const all = [delay, loss, duplicate, corrupt, rate];
  if (jitter !== undefined && delay === undefined)
    return { key: 'jitter', message: 'jitter varies a delay: say which' };
  if (jitter !== undefined && delay !== undefined && jitter > delay)
    return { key: 'jitter', message: 'jitter must not be larger than the delay' };
  if (reorder !== undefined && delay === undefined)
    return { key: 'reorder', message: 'packets can only overtake delayed ones: give a delay' };
  if (burst !== undefined && (loss === undefined || loss === 1))
    return { key: 'burst', message: 'burst says how a loss of less than 100% is spread: give a loss' };
  if (all.some((effect) => effect !== undefined)) return undefined;
  return {
    key: 'fault',
    message: 'link.netem without an effect',
    hint: `known effects: ${Object.keys(effects.shape).join(', ')}`,
  };
}

const isRandom = ({ jitter, loss, duplicate, reorder, corrupt }: Effects): boolean =>
  [jitter, loss, duplicate, reorder, corrupt].some((effect) => effect !== undefined);

/** What tc says of each device's netem, on one line: its settings, and what it sent and dropped; empty if there is none. */
async function look(lab: LiveLab, devices: readonly Device[]): Promise<string[]> {
  const mark = '--- next';
  const commands = devices.map(
    ({ netns, device }) => `tc -s -n ${netns} qdisc show dev ${device} 2>/dev/null; echo; echo '${mark}'`,
  );
  const answers = (await lab.script('looking at netem', commands.join('\n'))).split(mark).slice(0, -1);
  return answers.map((answer) => {
    const found = /qdisc netem \S+ root \S+ \S+ (.*)\n(?: *(Sent .*) ?\()?/.exec(answer);
    return found === null ? '' : [found[1]?.trim(), found[2]?.trim()].filter(Boolean).join(', ');
  });
}
