/** A step, in the helper: mounts what it needs, starts the runtime, and takes the mounts away. @module */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { fromSystem, ImageError, systemCode } from '../../../base/errors.ts';
import { SandboxError } from '../../../ports/sandbox.ts';
import { type MountRequest, mount, unmount } from '../../../system/linux.ts';
import { type ProgramPipes, programPipes } from '../../../system/program-pipes.ts';
import { runtimeFailure } from '../../failure.ts';
import { lineSplitter } from './lines.ts';
import {
  type Ended,
  type HelperFile,
  type HelperOwner,
  type Line,
  type ProgramRequest,
  type RunRequest,
  type ShellRequest,
  TERMINAL,
} from './protocol.ts';

/** A step that runs, or that is held. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves when no program runs any more. */
  settled(): Promise<void>;
  /** Whether it is held: it has failed, and its mounts are there. */
  readonly held: () => boolean;
  /** In what it has left, while it is held. */
  shell(request: ShellRequest): Promise<Ended>;
  signal(name: NodeJS.Signals): void;
  kill(): void;
  /** Takes the mounts away. */
  release(): void;
}

/** What a shell makes of a program that was ended by SIGKILL. */
const KILLED = 128 + constants.signals.SIGKILL;

/** unshare(1) of util-linux 2.38 wants to end as its child has, cannot with SIGKILL, and says so. */
const UNSHARE_KILLED = 'unshare: sigprocmask unblock failed: Invalid argument';

class WithoutUnshare {
  isKilled = false;
  readonly say: (lines: readonly Line[]) => void;

  constructor(say: (lines: readonly Line[]) => void) {
    this.say = (lines) => {
      const others = lines.filter(([stream, line]) => stream !== 'stderr' || line !== UNSHARE_KILLED);
      this.isKilled ||= others.length < lines.length;
      if (others.length > 0) say(others);
    };
  }
}

/** @throws ImageError (from `ended`) UNAVAILABLE where something cannot be mounted, SandboxError */
export function execute(request: RunRequest, say: (lines: readonly Line[]) => void): Running {
  const stack = new DisposableStack();
  let killed = false;
  let current: { readonly child: ChildProcess; readonly program: ProgramRequest } | undefined;
  const launch = async (program: ProgramRequest, connect: () => Connection) => {
    if (killed) return { status: KILLED, outOfMemory: 0 };
    if (program.runtime === 'crun') hideUnifiedCgroups();
    const [name, ...args] = program.command;
    const { stdio, converse } = connect();
    // What unshare(1) says is looked at.
    const child = spawn(name as string, args, { stdio: [...stdio], env: { ...process.env, LC_ALL: 'C' } });
    current = { child, program };
    const [ended] = await Promise.all([endOf(child, program), converse()]);
    return ended;
  };
  const run = async (): Promise<Ended> => {
    let holds = false;
    try {
      prepare(request, stack);
      const words = new WithoutUnshare(say);
      const told = await launch(request.program, () => throughPipes(request.stdin, words.say));
      const ended = words.isKilled ? { ...told, status: KILLED } : told;
      holds = request.holds && ended.status !== 0 && ended.refused === undefined;
      return ended;
    } finally {
      if (!holds) stack.dispose();
    }
  };
  const ended = run();
  let latest = ended;
  return {
    ended,
    settled: () =>
      latest.then(
        () => undefined,
        () => undefined,
      ),
    held: () => !stack.disposed,
    shell: ({ files, program }) => {
      for (const file of files) write(file);
      latest = launch(program, () => AT_TERMINAL);
      return latest;
    },
    signal: (name) => void current?.child.kill(name),
    kill: () => {
      killed = true;
      if (current !== undefined) killProgram(current.program, current.child);
    },
    release: () => stack.dispose(),
  };
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
      throw mountFailure(error, one);
    }
    stack.defer(() => unmount(one.target));
  }
  for (const file of files) write(file);
  for (const owner of owners) own(owner);
}

/** linux/magic.h */
const OVERLAYFS_SUPER_MAGIC = 0x794c7630;

function mountFailure(error: unknown, { type }: MountRequest): ImageError {
  if (type === 'overlay' && systemCode(error) === 'EINVAL' && statfsSync('.').type === OVERLAYFS_SUPER_MAGIC) {
    const where = `${process.cwd()} lies on an overlayfs, as in a container`;
    return new ImageError('UNAVAILABLE', `a step cannot write where the store is: ${where}`, {
      hint: 'set PARE_HOME to a directory of another file system: a volume of the container, or /dev/shm/pare',
      cause: error,
    });
  }
  return fromSystem(error, `cannot mount ${type} for a step`, '"pare doctor" says what this machine offers');
}

function write({ content, ...owner }: HelperFile): void {
  mkdirSync(dirname(owner.path), { recursive: true, mode: 0o700 });
  writeFileSync(owner.path, Buffer.from(content, 'base64'), { mode: 0o600, flag: 'wx' });
  own(owner);
}

function own({ path, mode, uid, gid }: HelperOwner): void {
  try {
    chownSync(path, uid, gid);
    chmodSync(path, mode);
  } catch (error) {
    throw fromSystem(error, `cannot give a file of the step to ${uid}:${gid}`, 'use an id that this user may map');
  }
}

interface Connection {
  readonly stdio: readonly number[];
  /** To be called when the program runs; resolves when it has said all. */
  readonly converse: () => Promise<void>;
}

const AT_TERMINAL: Connection = { stdio: [TERMINAL, TERMINAL, TERMINAL], converse: async () => undefined };

function throughPipes(stdin: string, say: (lines: readonly Line[]) => void): Connection {
  const pipes = programPipes();
  return { stdio: pipes.stdio, converse: () => converse(pipes, stdin, say) };
}

async function converse(pipes: ProgramPipes, stdin: string, say: (lines: readonly Line[]) => void): Promise<void> {
  pipes.closeTheirs();
  // A program need not read what it is given.
  pipes.stdin.on('error', () => undefined);
  pipes.stdin.end(Buffer.from(stdin, 'base64'));
  const tellAll = async (stream: 'stdout' | 'stderr') => {
    const splitter = lineSplitter();
    const tell = (lines: readonly string[]) => lines.length > 0 && say(lines.map((line) => [stream, line]));
    for await (const piece of pipes[stream]) tell(splitter.push(piece as Buffer));
    tell(splitter.end());
  };
  await Promise.all([tellAll('stdout'), tellAll('stderr')]);
}

async function endOf(child: ChildProcess, { log, runtime }: ProgramRequest): Promise<Ended> {
  const before = outOfMemoryKills();
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  const status = code ?? 128 + constants.signals[signal as NodeJS.Signals];
  const ended = { status, outOfMemory: outOfMemoryKills() - before };
  const failure = status === 0 ? undefined : await runtimeFailure(log, runtime);
  if (failure instanceof SandboxError) throw failure;
  return failure === undefined ? ended : { ...ended, refused: { message: failure.message, hint: failure.hint } };
}

const UNIFIED = '/sys/fs/cgroup/unified';
/** linux/magic.h */
const CGROUP2_SUPER_MAGIC = 0x63677270;

/**
 * crun (seen: 1.8) does not start where version 2 of cgroups stands beside version 1 with a controller of its own: in the helper's mount
 * namespace it does not have to stand there. In a user namespace, what the machine has mounted cannot be taken away, but covered; crun leaves
 * cgroups alone then.
 */
function hideUnifiedCgroups(): void {
  if (!existsSync(UNIFIED) || statfsSync(UNIFIED).type !== CGROUP2_SUPER_MAGIC) return;
  try {
    unmount(UNIFIED);
  } catch (error) {
    if (systemCode(error) !== 'EINVAL') throw error;
    mount({ source: 'tmpfs', target: UNIFIED, type: 'tmpfs', flags: ['readOnly'], data: 'size=0k' });
  }
}

/** Of the whole machine: what belongs to a control group, nobody but root may know. 0 where the kernel does not count. */
function outOfMemoryKills(): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? 0);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return 0;
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

/** The runtime may be at any point of its start: it is asked until it has ended. */
function killProgram({ killCommand }: ProgramRequest, child: ChildProcess): void {
  const attempt = () => {
    if (hasEnded(child)) return;
    const again = () => setTimeout(attempt, 50);
    if (killCommand === undefined) {
      killFirst(child);
      again();
    } else {
      const [program, ...args] = killCommand;
      spawn(program as string, args, { stdio: 'ignore' })
        .on('exit', again)
        .on('error', again);
    }
  };
  attempt();
}

/** The kernel ends with the first process of a namespace all others. @param child unshare(1), which has started it */
function killFirst(child: ChildProcess): void {
  try {
    const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    if (first !== '') process.kill(Number(first), 'SIGKILL');
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes(systemCode(error) ?? '')) throw error;
    // It has ended meanwhile, or this kernel does not say who it is; unshare takes it along then, unless it has become another user.
    child.kill('SIGKILL');
  }
}
