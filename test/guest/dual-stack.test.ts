/** A lab with both families, done to by hand: what breaks and heals does so in both, and so does what comes and goes. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Home, makeHome, repository } from './tierlab.ts';

test('a lab without any IPv4 and without a tier 2 comes up and answers', async () => {
  const home = await makeHome();
  try {
    await upAsNew(home, '--family', 'ipv6', '--l4', '0');
    const asked = await home.run('exec', 'client', '--', 'curl', '-sf', sixVip);
    expect(asked, asked.stderr).toMatchObject({ exitCode: 0 });
    const four = await home.run('exec', 'r-1', '--', 'sh', '-c', 'ip -4 -o address show scope global');
    expect(four.stdout).toBe('');
  } finally {
    await home.remove();
  }
});

test('a new topology of both families comes up and answers by either', async () => {
  const home = await makeHome();
  try {
    await upAsNew(home, '--family', 'both', '--l7', '2', '--web', '2');
    for (const url of ['http://198.51.100.1/', sixVip]) {
      const asked = await home.run('exec', 'client', '--', 'curl', '-sf', url);
      expect(asked, asked.stderr).toMatchObject({ exitCode: 0 });
    }
  } finally {
    await home.remove();
  }
});

const sixVip = 'http://[2001:db8:100::1]/';

async function upAsNew(home: Home, ...how: readonly string[]): Promise<void> {
  const file = join(home.directory, 'new.yaml');
  const made = await home.run('new', 'made', '-o', file, ...how);
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
  const up = await home.run('up', file, '--host', 'uml');
  expect(up, up.stderr).toMatchObject({ exitCode: 0 });
}

describe('a lab of both families, by hand', () => {
  let home: Home;
  const fine = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await home.run(...args);
    expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const inNode = (node: string, command: string): Promise<string> =>
    fine('exec', node, '--', 'sh', '-c', command);
  /** A request by each family, the IPv6 one from one of the client's many sources. */
  const ask = async (): Promise<string> =>
    inNode(
      'client',
      [
        'curl -sf -m 5 -o /dev/null -w "%{local_ip} %{http_code}\n" http://198.51.100.1/',
        'curl -sf -m 5 -o /dev/null -w "%{local_ip} %{http_code}\n" --interface 2001:db8:f::77 "http://[2001:db8:100::1]/"',
      ].join('; '),
    );
  const answered = '192.0.2.1 200\n2001:db8:f::77 200\n';
  /** By family, the addresses of the next hops that a router's kernel has for the VIPs. */
  const hops = async (): Promise<string[]> => {
    const routes = await inNode('r-1', 'ip route show 198.51.100.1; ip -6 route show 2001:db8:100::1');
    return [...routes.matchAll(/via (\S+)/g)].map(([, via = '']) => via).sort();
  };
  const overBoth = ['192.0.2.131', '192.0.2.132', '2001:db8:3::3', '2001:db8:3::4'];

  beforeAll(async () => {
    home = await makeHome();
    await fine('up', join(repository, 'topologies/dual-stack.yaml'), '--host', 'uml');
  });
  afterAll(() => home.remove());

  test('each VIP answers, the backends have no IPv4, and nobody else speaks IPv6 where there is none', async () => {
    expect(await ask()).toBe(answered);
    expect(await inNode('web-1', 'ip -4 -o address show dev servers')).toBe('');
    expect(await hops()).toEqual(overBoth);
    // A tunnel that comes from anybody but an L4 node goes nowhere.
    expect(await inNode('l7-1', 'ip -6 rule')).toMatch(/from 2001:db8:3::3 ipproto ipv6 lookup local/);
  });

  test('the VIPs of an L4 node are withdrawn and come back in both families', async () => {
    expect(await fine('fault', 'add', 'vip.withdraw', 'l4-1')).toMatch(/2001:db8:100::1\/128 to r-1/);
    expect(await hops()).toEqual(['192.0.2.132', '2001:db8:3::4']);
    expect(await ask()).toBe(answered);
    await fine('fault', 'heal', 'vip.withdraw-l4-1');
    expect(await hops()).toEqual(overBoth);
  });

  test('a drained L4 node is out of use in both families, and back in both', async () => {
    await fine('drain', 'l4-2');
    expect(await hops()).toEqual(['192.0.2.131', '2001:db8:3::3']);
    await fine('undrain', 'l4-2');
    expect(await hops()).toEqual(overBoth);
    expect(await ask()).toBe(answered);
  });

  test('a node has its IPv6 addresses again after its cable was cut, and after it was made anew', async () => {
    for (const [fault, target] of [
      ['link.down', 'l7-1:fabric'],
      ['node.crash', 'l7-2'],
    ] as const) {
      await fine('fault', 'add', fault, target);
      await fine('fault', 'heal', `${fault}-${target.replace(':', '-')}`);
    }
    for (const [node, address] of [
      ['l7-1', '2001:db8:3::5/64'],
      ['l7-2', '2001:db8:3::6/64'],
    ] as const)
      expect(await inNode(node, 'ip -6 -o address show dev fabric')).toContain(address);
    expect(await ask()).toBe(answered);
  });

  test('the tables of an L4 node are turned round and forgotten in both families', async () => {
    const order = async (): Promise<string[]> =>
      [...(await inNode('l4-1', 'ipvsadm -Ln --nosort')).matchAll(/-> \[?(\S+?)\]?:80/g)].map(
        ([, address = '']) => address,
      );
    const before = await order();
    expect(before).toHaveLength(6);
    await fine('fault', 'add', 'l4.order', 'l4-1', 'order=reverse');
    expect(await order()).toEqual([...before.slice(0, 3).reverse(), ...before.slice(3).reverse()]);
    await fine('fault', 'heal', 'l4.order-l4-1');
    expect(await order()).toEqual(before);
    expect(await fine('fault', 'add', 'l4.flush', 'l4')).toMatch(/l4-1 knew \d+ flows, then 0/);
    await fine('fault', 'heal', 'l4.flush-l4');
  });

  test('a proxy that joins is a server of both VIPs', async () => {
    await fine('scale', 'l7', '+1');
    const table = await inNode('l4-2', 'ipvsadm -Ln');
    expect(table).toMatch(/-> 192\.0\.2\.136:80 +Tunnel +1/);
    expect(table).toMatch(/-> \[2001:db8:3::8\]:80 +Tunnel +1/);
    await fine('scale', 'l7', '-1');
    expect(await inNode('l4-2', 'ipvsadm -Ln')).not.toContain('2001:db8:3::8');
    expect(await ask()).toBe(answered);
  });
});
