/** One program of a step, in the helper: mounts what it needs, starts the runtime, and takes the mounts away. @module */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fromSystem } from '../../../base/errors.ts';
import { mount, unmount } from '../../../system/linux.ts';
import { runtimeFailure } from '../../failure.ts';
import { lineSplitter } from './lines.ts';
import type { Ended, HelperOwner, Line, RunRequest } from './protocol.ts';

/** A program that runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  kill(): void;
}

/** @throws ImageError (from `ended`) UNAVAILABLE where something cannot be mounted, SandboxError */
export function execute(request: RunRequest, say: (lines: readonly Line[]) => void): Running {
  let killed = false;
  let child: ChildProcess | undefined;
  const kill = () => {
    killed = true;
    if (child !== undefined) killContainer(request, child);
  };
  const run = async (): Promise<Ended> => {
    using stack = new DisposableStack();
    prepare(request, stack);
    if (killed) return { status: 137 };
    const [program, ...args] = request.command;
    child = spawn(program as string, args, { stdio: 'pipe' });
    return await endOf(child, request, say);
  };
  return { ended: run(), kill };
}

function prepare({ scratch, mounts, files, owners }: RunRequest, stack: DisposableStack): void {
  const secret = {
    source: 'pare',
    target: scratch,
    type: 'tmpfs',
    flags: ['noSuid', 'noDev'],
    data: 'mode=700',
  } as const;
  for (const one of [secret, ...mounts]) {
    try {
      mount(one);
    } catch (error) {
      throw fromSystem(error, `cannot mount ${one.type} for a step`, '"pare doctor" says what this machine offers');
    }
    stack.defer(() => unmount(one.target));
  }
  for (const { content, ...owner } of files) {
    writeFileSync(owner.path, Buffer.from(content, 'base64'), { mode: 0o600, flag: 'wx' });
    own(owner);
  }
  for (const owner of owners) own(owner);
}

function own({ path, mode, uid, gid }: HelperOwner): void {
  try {
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  } catch (error) {
    throw fromSystem(error, `cannot give a file of the step to ${uid}:${gid}`, 'use an id that this user may map');
  }
}

async function endOf(child: ChildProcess, request: RunRequest, say: (lines: readonly Line[]) => void): Promise<Ended> {
  // A program need not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(Buffer.from(request.stdin, 'base64'));
  for (const stream of ['stdout', 'stderr'] as const) {
    const splitter = lineSplitter();
    const tell = (lines: readonly string[]) => lines.length > 0 && say(lines.map((line) => [stream, line]));
    child[stream]?.on('data', (piece: Buffer) => tell(splitter.push(piece)));
    child[stream]?.on('end', () => tell(splitter.end()));
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  const status = code ?? 128 + constants.signals[signal as NodeJS.Signals];
  const failure = status === 0 ? undefined : await runtimeFailure(request.log, request.runtime);
  if (failure !== undefined) throw failure;
  return { status };
}

/** The runtime may be at any point of its start: it is asked until it has ended. */
function killContainer({ killCommand }: RunRequest, child: ChildProcess): void {
  const [program, ...args] = killCommand;
  const attempt = () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    spawn(program as string, args, { stdio: 'ignore' }).on('exit', () => setTimeout(attempt, 50));
  };
  attempt();
}
