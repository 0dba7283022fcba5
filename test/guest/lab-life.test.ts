import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Home, makeHome, threeTier } from './tierlab.ts';

/** Arguments: outer source, outer destination, inner source, inner destination. RFC 2003 in a raw socket. */
const wrappedEcho = `
use Socket;
my ($from, $to, $client, $vip) = map { inet_aton($_) } @ARGV;
sub sum { my $t = 0; $t += $_ for unpack('n*', $_[0]); $t = ($t & 0xffff) + ($t >> 16) while $t >> 16; return ~$t & 0xffff }
sub ip {
  my ($source, $destination, $protocol, $data) = @_;
  my $head = pack('CCnnnCCna4a4', 0x45, 0, 20 + length $data, 1, 0, 64, $protocol, 0, $source, $destination);
  substr($head, 10, 2) = pack('n', sum($head));
  return $head . $data;
}
my $echo = pack('CCnnn', 8, 0, 0, 7, 1);
substr($echo, 2, 2) = pack('n', sum($echo));
socket(my $socket, AF_INET, SOCK_RAW, 255) or die "socket: $!";
send($socket, ip($from, $to, 4, ip($client, $vip, 1, $echo)), 0, pack_sockaddr_in(0, $to)) or die "send: $!";
`;

describe('the life of a lab in a guest', () => {
  let home: Home;

  beforeAll(async () => {
    home = await makeHome();
    const up = await home.run('up', threeTier, '--host', 'uml');
    expect(up, up.stderr).toMatchObject({ exitCode: 0 });
  });
  afterAll(() => home.remove());

  test('up on a running lab says so and changes nothing', async () => {
    const before = await readFile(join(home.directory, 'labs/three-tier/state.json'), 'utf8');
    const again = await home.run('up', threeTier, '--host', 'uml');
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('up already') });
    expect(await readFile(join(home.directory, 'labs/three-tier/state.json'), 'utf8')).toBe(before);
  });

  test('ps shows every node up, with its daemons and what they carry', async () => {
    const { stdout, exitCode } = await home.run('ps', '--format', 'json');
    expect(exitCode).toBe(0);
    const { nodes } = JSON.parse(stdout) as {
      nodes: { node: string; state: string; daemons: { pid: number }[]; facts: string[] }[];
    };
    expect(nodes.map(({ node }) => node)).toEqual([
      'client',
      'edge',
      'r-1',
      'r-2',
      'l4-1',
      'l4-2',
      'l7-1',
      'l7-2',
      'l7-3',
      'web-1',
      'web-2',
      'web-3',
    ]);
    expect(nodes.filter(({ state }) => state !== 'up')).toEqual([]);
    expect(nodes.find(({ node }) => node === 'r-1')?.facts.join()).toContain(
      '198.51.100.1/32 via l4-1, l4-2',
    );
  });

  test("the folders of a lab are its user's alone, outside and inside, and so are its sockets", async () => {
    const lab = join(home.directory, 'labs/three-tier');
    expect((await stat(lab)).mode & 0o777).toBe(0o700);
    expect((await stat(join(lab, 'guest.sock'))).mode & 0o777).toBe(0o600);
    const find =
      'find /run/tierlab/* -type d -name "[0-9a-f]*" -printf "%m %y\\n" -o -type s -printf "%m %y %f\\n" | sort -u';
    const { stdout } = await home.run('exec', 'l4-1', '--', 'sh', '-c', find);
    const lines = stdout.trim().split('\n');
    expect(lines).toEqual(expect.arrayContaining(['700 d', '600 s web.sock', '600 s haproxy.ctl']));
    for (const line of lines) expect(line).toMatch(/^(700 d|6[06]0 s)/);
  });

  test('exec passes arguments, output and exit code through', async () => {
    const result = await home.run(
      'exec',
      'l4-1',
      '--',
      'sh',
      '-c',
      'echo "$1"; echo oops >&2; exit 7',
      'sh',
      "it's $HOME",
    );
    expect(result).toEqual({ exitCode: 7, stdout: "it's $HOME\n", stderr: 'oops\n' });
  });

  test('eight commands at once keep their outputs apart', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        home.run('exec', 'client', '--', 'sh', '-c', `seq ${i}0000 ${i}0999`),
      ),
    );
    for (const [i, { stdout }] of results.entries()) {
      expect(stdout.split('\n').slice(0, -1)).toEqual(
        Array.from({ length: 1000 }, (_, k) => String(i * 10_000 + k)),
      );
    }
  });

  test('an unknown node gets a did-you-mean', async () => {
    expect(await home.run('exec', 'l4-3', '--', 'true')).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('did you mean "l4-1"?'),
    });
  });

  test('logs show what the daemons said', async () => {
    const { stdout, exitCode } = await home.run('logs', 'l4-1', '--daemon', 'keepalived');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Enabling service [192.0.2.133]:tcp:80');
    const last = await home.run('logs', 'l4-1', '--daemon', 'keepalived', '--lines', '2');
    expect(last.stdout).toBe(`${stdout.trimEnd().split('\n').slice(-2).join('\n')}\n`);
    expect((await home.run('logs', 'l4-1', '--lines', '0')).stdout).toBe('');
  });

  test('every L4 node has the same servers in the same order', async () => {
    const tables = await Promise.all(
      ['l4-1', 'l4-2'].map(async (node) => (await home.run('exec', node, '--', 'ipvsadm', '-Sn')).stdout),
    );
    expect(tables[0]).toContain('-s mh');
    expect(tables[0]?.match(/-r \S+/g)).toHaveLength(3);
    expect(tables[1]).toBe(tables[0]);
  });

  test('routers hash differently, and every one of them uses every L4 node', async () => {
    const fields = await Promise.all(
      ['edge', 'r-1', 'r-2'].map(
        async (node) =>
          (await home.run('exec', node, '--', 'cat', '/proc/sys/net/ipv4/fib_multipath_hash_fields')).stdout,
      ),
    );
    expect(new Set(fields).size).toBe(3);
    const way = (port: number): string =>
      `ip route get 198.51.100.1 from 203.0.113.9 iif transit ipproto tcp sport ${port} dport 80`;
    for (const node of ['r-1', 'r-2']) {
      const script = Array.from({ length: 40 }, (_, i) => way(20_000 + i * 97)).join('; ');
      const { stdout } = await home.run('exec', node, '--', 'sh', '-c', script);
      const hops = [...stdout.matchAll(/via (\S+)/g)].map(([, hop]) => hop);
      expect(new Set(hops)).toEqual(new Set(['192.0.2.131', '192.0.2.132']));
    }
  });

  test('the way back of an L7 node leads over both routers', async () => {
    const { stdout } = await home.run('exec', 'l7-1', '--', 'ip', 'route', 'show', '203.0.113.0/24');
    expect(stdout).toContain('via 192.0.2.129');
    expect(stdout).toContain('via 192.0.2.130');
  });

  test('an L7 node takes tunnelled packets from tier 2 only', async () => {
    // A router sends the L7 an echo request to the VIP, wrapped as an L4 node would.
    const knock = (): Promise<unknown> =>
      home.run(
        'exec',
        'r-1',
        '--',
        'perl',
        '-e',
        wrappedEcho,
        '192.0.2.129',
        '192.0.2.133',
        '203.0.113.9',
        '198.51.100.1',
      );
    const received = async (): Promise<number> => {
      const { stdout } = await home.run(
        'exec',
        'l7-1',
        '--',
        'ip',
        '-s',
        '-j',
        'link',
        'show',
        'dev',
        'ipip0',
      );
      const [link] = JSON.parse(stdout) as { stats64: { rx: { packets: number } } }[];
      return link?.stats64.rx.packets ?? Number.NaN;
    };
    const before = await received();
    await knock();
    expect(await received()).toBe(before);
    // The same knock comes through once the router counts as tier 2: it was the rule that kept it out.
    const rule = ['pref', '10', 'ipproto', '4', 'from', '192.0.2.129', 'lookup', 'local'];
    await home.run('exec', 'l7-1', '--', 'ip', 'rule', 'add', ...rule);
    await knock();
    expect(await received()).toBe(before + 1);
    await home.run('exec', 'l7-1', '--', 'ip', 'rule', 'del', ...rule);
  });

  test('uploads larger than a segment come through the tunnel whole', async () => {
    const script =
      'head -c 3000000 /dev/zero | curl -s --max-time 20 -o /dev/null -w "%{size_upload} %{size_download} %{http_code}" -X POST --data-binary @- http://198.51.100.1/echo';
    expect(await home.run('exec', 'client', '--', 'sh', '-c', script)).toMatchObject({
      stdout: '3000000 3000000 200',
    });
  });

  test('down leaves nothing, and a second down says that there is nothing', async () => {
    expect(await home.run('down', 'three-tier')).toMatchObject({
      exitCode: 0,
      stdout: 'Removed three-tier.\n',
    });
    expect(await home.inventory()).toEqual([]);
    expect(await home.run('down', 'three-tier')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('no lab'),
    });
  });
});
