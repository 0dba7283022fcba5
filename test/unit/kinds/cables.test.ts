import { expect, test } from 'vitest';
import { measureCables, parseDevices } from '../../../src/kinds/bird/cables.ts';
import { nodeOf, threeTier } from './three-tier.ts';

/** What Linux 6.1 says in a router's namespace. */
const devices = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
transit: 5405120   41232    0    0    0     0          0         0  2810044   20110    0    0    0     0       0          0
fabric:2810101   20111    0    0    0     0          0         0 5405177   41233    0    0    0     0       0          0
`;

test('every device is read with its bytes, also where no blank follows its name', () => {
  expect(parseDevices(devices)).toEqual([
    { name: 'lo', received: 1000, sent: 1000 },
    { name: 'transit', received: 5_405_120, sent: 2_810_044 },
    { name: 'fabric', received: 2_810_101, sent: 5_405_177 },
  ]);
});

test("a node's bytes are those of its cables, not those that it says to itself", async () => {
  const plan = await threeTier();
  const view = {
    node: nodeOf(plan, 'r-1'),
    plan,
    paths: { files: '/files', linked: '/linked', run: '/run/r-1', programs: '/programs', node: '/node' },
    ask: () => Promise.reject(new Error('nobody to ask')),
    readFile: async () => devices,
    writeFile: () => Promise.reject(new Error('nothing to write')),
    netlink: async () => Buffer.alloc(0),
    outOfService: async () => new Set<string>(),
    exec: () => Promise.reject(new Error('nothing to run')),
  };
  expect(await measureCables(view)).toEqual({ bytes_in: 8_215_221, bytes_out: 8_215_221 });
});
