import { WorldError } from '../base/errors.ts';
import type { Host } from '../hosts/contract.ts';

/**
 * Writes files of a lab that is up through its own Linux, all by one process. A guest keeps in memory what it has read of a file,
 * by the number of its inode (Linux fs/hostfs/hostfs_kern.c, hostfs_iget): what is written behind its back it may take for a file that
 * had the number before, and for the content of that one. So each file is written in place, too, and its number stays.
 * @param files absolute path → content; the folders are there
 */
export async function writeInside(host: Host, files: ReadonlyMap<string, string>): Promise<void> {
  if (files.size === 0) return;
  const lines = [...files].map(([path, content]) => `${hex(path)} ${hex(content)}\n`);
  const { exitCode, stderr } = await host.exec(['perl', '-e', script], { input: lines.join('') });
  if (exitCode === 0) return;
  throw new WorldError(`cannot write files of the lab: ${stderr.trim()}`, {
    code: 'state-unwritable',
    exitCode: 4,
  });
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

const script = `use strict;
umask 077;
while (my $line = <STDIN>) {
  my ($path, $content) = map { pack 'H*', $_ } split ' ', $line;
  open(my $file, '>', $path) or die "$path: $!\\n";
  (print $file $content // '') && close($file) or die "$path: $!\\n";
}
`;
