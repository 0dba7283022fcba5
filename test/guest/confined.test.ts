/** The guest's root is not the machine's: whatever it mounts, it writes nowhere but in the folder of its lab. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, HostKind, HostLab } from '../../src/hosts/contract.ts';
import { unconfined } from '../../src/hosts/uml/confine.ts';
import { umlHost } from '../../src/hosts/uml/index.ts';
import { buildGuestPrograms, makeLab, openElsewhere } from './guest-programs.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** Tries everything that root of a guest can try with a file of the machine; each line of its output is a success. */
const attempts = `
export LIBMOUNT_FORCE_MOUNT2=always
mkdir -p /tmp/a /tmp/b /tmp/c
mount -o remount,rw / 2>/dev/null
mount -t hostfs none /tmp/a -o "$1" 2>/dev/null
mount -t hostfs none /tmp/b -o "/proc/1/root$1" 2>/dev/null
mount -t hostfs none /tmp/c -o "/proc/self/root$1" 2>/dev/null
for folder in "$1" /tmp/a /tmp/b /tmp/c; do
  [ -e "$folder/file" ] || continue
  { echo changed > "$folder/file"; } 2>/dev/null && echo "wrote in $folder"
  { echo new > "$folder/new"; } 2>/dev/null && echo "made a file in $folder"
  mkdir "$folder/folder" 2>/dev/null && echo "made a folder in $folder"
  ln "$folder/file" "$folder/link" 2>/dev/null && echo "linked in $folder"
  mv "$folder/file" "$folder/moved" 2>/dev/null && echo "renamed in $folder"
  rm "$folder/file" 2>/dev/null && echo "removed in $folder"
  [ -z "$2" ] || { chmod 777 "$folder/file" 2>/dev/null && echo "changed the mode in $folder"; }
done
echo tried
`;

describe('what the root of a guest can do to the machine', { timeout: 120_000 }, () => {
  let programs: Awaited<ReturnType<typeof buildGuestPrograms>>;
  let kind: HostKind;
  let lab: HostLab;
  let precious = '';

  beforeAll(async () => {
    programs = await buildGuestPrograms();
    kind = umlHost(programs.directory);
    lab = await makeLab();
    precious = mkdtempSync('/var/tmp/tierlab-precious-');
    writeFileSync(join(precious, 'file'), 'precious');
  });
  afterAll(async () => {
    await kind.destroy(lab);
    for (const folder of [lab.directory, precious]) rmSync(folder, { recursive: true, force: true });
    await programs.remove();
  });

  test.skipIf(!isRoot)(
    'is nothing, if it was started by root: no file, no mode, not even by way of /proc/1/root',
    async () => {
      const host = await kind.open({ lab, report: () => {} });
      await expectUnharmed(host, 'modes too');
      await host.exec(['touch', join(lab.directory, 'mine')]);
      expect(existsSync(join(lab.directory, 'mine'))).toBe(true);
      await host.disconnect();
      await kind.destroy(lab);
    },
  );

  test.skipIf(!isRoot)('is to no file of a user, if it was started by that user', async () => {
    for (const path of [lab.directory, precious, join(precious, 'file')]) chownSync(path, nobody, nobody);
    chmodSync(precious, 0o755);
    rmSync(join(lab.directory, 'mine'), { force: true });
    const user = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
    expect(await openElsewhere(lab, programs.directory, user)).toBe('opened 0\n');
    const host = await kind.connect(lab);
    await expectUnharmed(host, '');
    expect((await host.exec(['touch', join(lab.directory, 'mine')])).exitCode).toBe(0);
    await host.disconnect();
  });

  async function expectUnharmed(host: Host, modes: string): Promise<void> {
    const before = statSync(join(precious, 'file')).mode;
    const { stdout } = await host.exec(['sh', '-c', attempts, 'sh', precious, modes]);
    expect(stdout).toBe('tried\n');
    expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('precious');
    expect(statSync(join(precious, 'file')).mode).toBe(before);
    expect(readFileSync(join(lab.directory, 'console.log'), 'utf8')).not.toContain(unconfined);
  }
});
