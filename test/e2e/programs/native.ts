/** Runs the program as the machine has it: to see that a test is right, and under strace to see what it opens. @module */
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProgramCase } from './case.ts';
import { command, output, service } from './command.ts';
import type { Invocation, Runner } from './runner.ts';
import type { Servers } from './servers.ts';

/** `sh` gets: resolv.conf, then the command. A mount namespace of its own, so that the machine's file stays. */
const withResolver = (setup: string) => `mount --bind "$0" /etc/resolv.conf && ${setup} && exec "$@"`;

export interface NativeRunner extends Runner, AsyncDisposable {
  /** Regular files opened so far, links followed, without those of /proc, /sys, /dev and the test's own directory. */
  opened(): Promise<readonly string[]>;
}

export async function nativeRunner(
  { program, nativeSetup = 'true' }: ProgramCase,
  servers: Servers,
  options: { trace: boolean },
): Promise<NativeRunner> {
  const dir = await mkdtemp('/tmp/pare-native-');
  // The program may run as another user, and its trace is written by it.
  await chmod(dir, 0o777);
  const path = (
    await output(['sh', '-c', 'command -v "$0"', program], { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })
  ).trim();
  let runs = 0;
  const traces: string[] = [];
  const argv = (invocation: Invocation): string[] => {
    const trace = join(dir, `trace-${runs++}`);
    if (options.trace) traces.push(trace);
    const strace = [
      'strace',
      '-f',
      '-y',
      '--seccomp-bpf',
      '-qq',
      '-e',
      'trace=open,openat,openat2,execve',
      '-o',
      trace,
    ];
    const [uid, gid] = (invocation.user ?? '').split(':');
    const as = uid === '' ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
    const alone = invocation.network === false ? ['unshare', '-n'] : [];
    const inner = [...alone, ...as, ...(options.trace ? strace : []), path, ...invocation.args];
    return ['unshare', '-m', 'sh', '-c', withResolver(nativeSetup), servers.resolvConf, ...inner];
  };
  const settings = (invocation: Invocation) => ({
    cwd: dir,
    group: true,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...invocation.env },
    ...(invocation.input === undefined ? {} : { input: invocation.input }),
  });
  return {
    name: 'native',
    dir,
    authority: servers.authority,
    run: (invocation) => command(argv(invocation), settings(invocation)),
    start: (invocation) => service(argv(invocation), settings(invocation)),
    opened: () => openedFiles(traces, dir),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** Successful opens in strace's output: `… = 3</usr/lib/x>`; programs executed: `execve("/bin/x", …) = 0`. */
async function openedFiles(traces: readonly string[], dir: string): Promise<string[]> {
  const paths = new Set<string>();
  for (const trace of traces) {
    const text = await readFile(trace, 'utf8').catch(() => '');
    for (const [, path] of text.matchAll(/ = \d+<([^>]+)>$/gm)) paths.add(path as string);
    for (const [, path] of text.matchAll(/execve\("([^"]+)".* = 0$/gm)) paths.add(path as string);
  }
  const files: string[] = [];
  for (const path of [...paths].sort()) {
    if (/^\/(proc|sys|dev|run)\//.test(path) || path.startsWith(dir)) continue;
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile()) files.push(path);
  }
  return files;
}
