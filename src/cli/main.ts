/** Entry: the version is answered without loading anything else, all the rest in the program. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Bundled this is dist/tierlab.js, so package.json is one folder up. */
const manifest = fileURLToPath(new URL('../package.json', import.meta.url));
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };

if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  process.stdout.write(`${version}\n`);
} else {
  try {
    // Before anything else: whoever is interrupted while the program is loaded has created nothing, and says so.
    const interrupt = (await import('./interrupt.ts')).onInterrupt();
    const { runCli } = await import('./program.ts');
    process.exitCode = await runCli(process.argv, version, interrupt);
  } catch (error) {
    // Everything else has been told by now: a part of the program could not be loaded, for want of open files above all.
    process.stderr.write(`error: tierlab cannot be loaded: ${String((error as Error).message)}\n`);
    process.exitCode = 3;
  }
  // All is done and said: whatever still holds this process, nobody waits for it.
  setTimeout(() => process.exit(), 5000).unref();
}
