import { execFile } from 'node:child_process';
import { release } from 'node:os';
import { promisify } from 'node:util';
import type { Requirements, Usability } from '../contract.ts';
import { moduleFolders, unavailableModules } from '../modules.ts';
import { hostPrograms, missingPrograms, programProblem } from '../programs.ts';

export async function probeNative({ modules, programs }: Requirements): Promise<Usability> {
  const problems: { what: string; remedy: string }[] = [];
  if (process.platform !== 'linux') {
    problems.push({
      what: `this is ${process.platform}, not Linux`,
      remedy: 'use a Linux machine (see the Vagrantfile)',
    });
  } else if (process.getuid?.() !== 0) {
    problems.push({ what: 'not root', remedy: 'run it with sudo, or use --host uml' });
  } else {
    const refusal = await namespaceRefusal();
    if (refusal !== undefined) {
      problems.push({
        what: `root may not make network namespaces here: ${refusal}`,
        remedy: 'give the container CAP_SYS_ADMIN and CAP_NET_ADMIN (--privileged), or use --host uml',
      });
    }
  }
  const unavailable = unavailableModules(modules);
  if (unavailable.length > 0) {
    const folder = moduleFolders()[0];
    const why = folder === undefined ? `there is no /lib/modules/${release()}` : `they are not in ${folder}`;
    problems.push({
      what: `kernel ${release()} has no ${unavailable.join(', ')}: not built in, and ${why}`,
      remedy:
        folder === undefined ? 'use --host uml' : "install the distribution's full kernel, or use --host uml",
    });
  }
  problems.push(...missingPrograms([...hostPrograms.native, ...programs]).map(programProblem));
  return {
    host: 'native',
    usable: problems.length === 0,
    summary: problems[0]?.what ?? `this machine, kernel ${release()}, as root`,
    problems,
  };
}

/** Root in a container need not be root: only trying tells. The namespace is gone when its one process ends. */
async function namespaceRefusal(): Promise<string | undefined> {
  try {
    await promisify(execFile)('unshare', ['--net', 'ip', 'link', 'set', 'lo', 'up'], { timeout: 5000 });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return (stderr ?? message).trim().split('\n')[0] ?? message;
  }
}
