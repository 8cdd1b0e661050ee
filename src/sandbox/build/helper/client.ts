/** Starts the helper, and asks it for what it does. @module */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ImageError, systemCode } from '../../../base/errors.ts';
import type { MountRequest } from '../../../system/linux.ts';
import { namespaceFailure } from '../../failure.ts';
import type { Standing } from '../../namespace.ts';
import {
  type Answer,
  documents,
  type Ended,
  type Hello,
  type Line,
  type Request,
  type RunRequest,
  receivedError,
  type Seen,
  type ShellRequest,
} from './protocol.ts';

/** Disposing of it ends the helper, and with it everything that it runs and has mounted. */
export interface Helper extends AsyncDisposable {
  readonly hello: Hello;
  /** @param signal aborting it ends the program; the promise then rejects with its reason */
  run(request: RunRequest, say: (line: Line) => void, signal?: AbortSignal): Promise<EndedStep>;
  /** Writes the tree in a tar into an empty directory. */
  write(tar: string, directory: string): Promise<void>;
  /** Writes a directory into a tar, which is made. */
  read(directory: string, tar: string): Promise<void>;
  /** Mounts something for a moment, and reads a file in it. @throws Error where it cannot be mounted, or read */
  look(mount: MountRequest, name: string): Promise<Seen>;
}

export interface EndedStep extends Ended {
  /** Of a step that asked to be held, and failed: a program at pare's terminal, in what it has left. */
  shell(request: ShellRequest, signal?: AbortSignal): Promise<Ended>;
  /** Takes away what is held. */
  release(): Promise<void>;
}

export interface HelperOptions {
  readonly who: Standing;
  /** Whether there is a terminal at this process's stdin, which steps that are held may use. */
  readonly terminal: boolean;
  /** Words that start the helper's verb of pare itself. */
  readonly command: readonly string[];
  /** Where it stands: its paths are relative to it. */
  readonly directory: string;
}

/**
 * In a process namespace, whose first process it is, so that the kernel ends all that it has started when it ends, however it ends;
 * and in a mount namespace, where nothing that is mounted outlives it.
 */
function commandLine({ who, command }: HelperOptions): readonly string[] {
  const user = who === 'user' ? ['--user', '--map-root-user', '--map-auto'] : [];
  return ['unshare', ...user, '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--', ...command];
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly say: ((line: Line) => void) | undefined;
}

/** @throws ImageError UNAVAILABLE where namespaces cannot be entered */
export async function startHelper(options: HelperOptions): Promise<Helper> {
  const [program, ...args] = commandLine(options);
  // In a session of its own: a terminal's Ctrl-C is for pare, which ends what runs.
  const stdio = ['pipe', 'pipe', 'pipe', options.terminal ? 0 : 'ignore'] as const;
  const child = spawn(program as string, args, { cwd: options.directory, stdio: [...stdio], detached: true });
  const channel = new Channel(child, options.who);
  const hello = (await channel.ask({ op: 'hello' })) as Hello;
  return {
    hello,
    run: (request, say, signal) => channel.run(request, say, signal),
    write: async (tar, directory) => void (await channel.ask({ op: 'write', tar, directory })),
    read: async (directory, tar) => void (await channel.ask({ op: 'read', directory, tar })),
    look: async (mount, name) => (await channel.ask({ op: 'look', mount, name })) as Seen,
    [Symbol.asyncDispose]: () => channel.end(),
  };
}

type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

class Channel {
  readonly #child: ChildProcess;
  readonly #who: Standing;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #said = '';
  #over: Error | undefined;
  readonly #closed: Promise<void>;

  constructor(child: ChildProcess, who: Standing) {
    this.#child = child;
    this.#who = who;
    // A helper that has ended says so by "close".
    child.stdin?.on('error', () => undefined);
    child.stderr?.on('data', (piece: Buffer) => {
      this.#said += piece.toString();
    });
    this.#closed = new Promise((resolve) => {
      child.on('error', (error) => this.#fail(this.#unstartable(error)));
      child.on('close', () => {
        this.#fail(namespaceFailure('a step cannot be run', this.#said.trim() || 'the helper has ended', this.#who));
        resolve();
      });
    });
    void this.#listen(child.stdout as Readable);
  }

  #unstartable(error: Error): Error {
    if (systemCode(error) === undefined) return error;
    return new ImageError('UNAVAILABLE', `cannot start unshare: ${error.message}`, {
      hint: '"pare doctor" says what is missing',
      cause: error,
    });
  }

  ask(question: Question, say?: (line: Line) => void): Promise<unknown> {
    return this.#send(this.#next++, question, say);
  }

  async run(request: RunRequest, say: (line: Line) => void, signal?: AbortSignal): Promise<EndedStep> {
    const id = this.#next++;
    const ended = (await this.#killable(id, { op: 'run', ...request }, signal, { say })) as Ended;
    return {
      ...ended,
      shell: async (shell, aborted) => {
        const resized = () => void this.ask({ op: 'signal', of: id, name: 'SIGWINCH' }).catch(() => undefined);
        process.on('SIGWINCH', resized);
        try {
          return (await this.#killable(this.#next++, { op: 'shell', of: id, ...shell }, aborted, { of: id })) as Ended;
        } finally {
          process.off('SIGWINCH', resized);
        }
      },
      release: async () => void (await this.ask({ op: 'release', of: id })),
    };
  }

  /** @param options.of the step that is ended when the signal is aborted; default the question's own */
  async #killable(
    id: number,
    question: Question,
    signal: AbortSignal | undefined,
    { of = id, say }: { readonly of?: number; readonly say?: (line: Line) => void },
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const abort = () => void this.ask({ op: 'kill', of }).catch(() => undefined);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const result = await this.#send(id, question, say);
      signal?.throwIfAborted();
      return result;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #send(id: number, question: Question, say?: (line: Line) => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) {
        reject(this.#over);
        return;
      }
      this.#pending.set(id, { resolve, reject, say });
      (this.#child.stdin as Writable).write(`${JSON.stringify({ id, ...question })}\n`);
    });
  }

  async #listen(stream: Readable): Promise<void> {
    try {
      for await (const answer of documents(stream)) this.#take(answer as Answer);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #take(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    if ('lines' in answer) {
      for (const line of answer.lines) pending.say?.(line);
      return;
    }
    this.#pending.delete(answer.id);
    if ('error' in answer) pending.reject(receivedError(answer.error));
    else pending.resolve(answer.result);
  }

  #fail(error: Error): void {
    this.#over ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#over);
    this.#pending.clear();
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#closed;
  }
}
