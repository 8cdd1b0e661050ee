/**
 * Starts the launcher script in its namespaces and waits for the program's end.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fromSystem } from '../base/errors.ts';
import type { RunningProgram } from '../ports/sandbox.ts';
import { namespaceFailure, runtimeFailure } from './failure.ts';
import { LAUNCHER } from './launcher.ts';
import { type Standing, withMounts } from './namespace.ts';

export interface Launch {
  /** The run directory: holds `lower` and the bundle's `config.json`. */
  readonly directory: string;
  readonly runtime: string;
  readonly who: Standing;
  readonly stdin: boolean;
  readonly terminal: boolean;
  readonly output: 'inherit' | 'ignore';
  /** Aborting it ends the program. */
  readonly signal: AbortSignal | undefined;
}

export function launch(options: Launch): RunningProgram {
  const [program, ...args] = commandLine(options);
  const stdin = options.stdin || options.terminal ? 'inherit' : 'ignore';
  // Node.js gives descriptors above 2 nothing at all for "ignore".
  const nowhere = options.output === 'ignore' ? openSync('/dev/null', 'w') : undefined;
  const child = spawn(program as string, args, {
    // In a session of its own: a terminal's Ctrl-C comes to pare alone, which passes it on once.
    detached: true,
    stdio: [stdin, options.output, 'pipe', 'pipe', nowhere ?? 2],
  });
  if (nowhere !== undefined) closeSync(nowhere);
  return { signal: (name) => void child.kill(name), ended: endOf(child, options) };
}

function commandLine({ directory, runtime, who }: Launch): readonly string[] {
  // In a user namespace, overlayfs keeps its marks in attributes that an ordinary user may write (Linux 5.11).
  const overlay = who === 'root' ? '' : ',userxattr';
  const cgroups = who !== 'root' && basename(runtime) === 'crun' ? ['--cgroup-manager=disabled'] : [];
  const log = ['--log', join(directory, 'log'), '--log-format', 'json'];
  const run = [
    '--root',
    join(directory, 'state'),
    ...log,
    ...cgroups,
    'run',
    '--bundle',
    directory,
    basename(directory),
  ];
  return [...withMounts(who), 'sh', '-c', LAUNCHER, 'sh', directory, overlay, runtime, ...run];
}

async function endOf(child: ChildProcess, { directory, runtime, who, output, signal }: Launch): Promise<number> {
  const complaints = collect(child.stderr as Readable);
  const watcher = child.stdio[3] as Writable;
  // Its reader ends whenever it likes.
  watcher.on('error', () => undefined);
  const abort = () => watcher.destroy();
  signal?.addEventListener('abort', abort, { once: true });
  const closed = once(child, 'close');
  // Rejects along with "exit", which is waited for.
  closed.catch(() => undefined);
  try {
    const [code, by] = await exitOf(child);
    const status = code ?? 128 + constants.signals[by as NodeJS.Signals];
    const mounted = existsSync(join(directory, 'mounted'));
    const failure =
      status === 0 ? undefined : await runtimeFailure(join(directory, 'log'), runtime, output === 'inherit');
    watcher.end('ended\n');
    await closed;
    signal?.throwIfAborted();
    if (!mounted && status !== 0) throw namespaceFailure('cannot mount the root filesystem', await complaints, who);
    if (failure !== undefined) throw failure;
    return status;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

async function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  try {
    return (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  } catch (error) {
    throw fromSystem(error, 'cannot enter a namespace with unshare', '"pare doctor" says what is missing');
  }
}

async function collect(stream: Readable): Promise<string> {
  let text = '';
  for await (const piece of stream) text += String(piece);
  return text.trim();
}
