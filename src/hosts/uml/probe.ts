import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Requirements, Usability } from '../contract.ts';
import { loadableModules, missingModules } from '../modules.ts';
import { findProgram, hostPrograms, installCommand, missingPrograms, programProblem } from '../programs.ts';
import { umlModules } from './guest-setup.ts';

export async function probeUml({ modules, programs }: Requirements): Promise<Usability> {
  const problems: { what: string; remedy: string }[] = [];
  if (process.arch !== 'x64' || process.platform !== 'linux') {
    problems.push({
      what: `user-mode-linux is built for x86-64 Linux, this is ${process.arch} ${process.platform}`,
      remedy: 'use an x86-64 Linux machine (see the Vagrantfile)',
    });
  }
  problems.push(...missingPrograms([...hostPrograms.uml, ...programs]).map(programProblem));
  const linux = findProgram('linux.uml');
  const kernel = linux === undefined ? undefined : await kernelOf(linux);
  if (linux !== undefined && kernel === undefined) {
    problems.push({ what: `${linux} does not run`, remedy: `see what "${linux} --version" says` });
  }
  if (kernel !== undefined) {
    const folders = [`${umlModules}/${kernel}`];
    const missing = missingModules(modules, '', folders);
    const loadable = new Set(loadableModules(missing, folders));
    const unavailable = missing.filter((name) => !loadable.has(name));
    if (unavailable.length > 0) {
      const what = `the guest's kernel ${kernel} has no ${unavailable.join(', ')} (looked in ${umlModules}/${kernel})`;
      problems.push({ what, remedy: installCommand(['--reinstall', 'user-mode-linux']) });
    }
  }
  problems.push(...ptraceProblem());
  const user = process.getuid?.() === 0 ? 'as root' : 'without root';
  return {
    host: 'uml',
    usable: problems.length === 0,
    summary: problems[0]?.what ?? `user-mode-linux guest, kernel ${kernel}, ${user}`,
    problems,
  };
}

async function kernelOf(linux: string): Promise<string | undefined> {
  try {
    return (await promisify(execFile)(linux, ['--version'], { timeout: 5000 })).stdout.trim();
  } catch {
    return undefined;
  }
}

/** Documentation/admin-guide/LSM/Yama.rst: 2 leaves ptrace to those with CAP_SYS_PTRACE, 3 to nobody. */
function ptraceProblem(): { what: string; remedy: string }[] {
  let scope = 0;
  try {
    scope = Number(readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8'));
  } catch {
    return [];
  }
  if (scope < 2 || (scope === 2 && process.getuid?.() === 0)) return [];
  return [
    {
      what: `kernel.yama.ptrace_scope is ${scope}: a guest cannot trace its own tasks`,
      remedy:
        scope === 3 ? 'set kernel.yama.ptrace_scope=1 and reboot' : 'sudo sysctl kernel.yama.ptrace_scope=1',
    },
  ];
}
