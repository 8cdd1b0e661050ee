/**
 * Threads that hash files of this process while this one does something else: one for files that are there, and one for those that
 * are being written, where the first is busy. They are started when they are first needed, and keep no process alive that waits for
 * nothing. What they run is the text of a function: so it is the same from sources, in the library and in the bundle, and starts
 * without looking for a file.
 * @module
 */
import { Worker } from 'node:worker_threads';
import { type Digest, type DigestAlgorithm, isDigest } from '../base/digest.ts';
import { fromSystem, ImageError } from '../base/errors.ts';

/** The digest of a file that grows, of what has been said to be there. */
export interface FileDigester extends AsyncDisposable {
  /** Says that the bytes before this offset are in the file, and stay as they are. */
  upTo(offset: number): void;
  /** Ends the computation; call once. @throws ImageError IO, INVALID where the file is shorter than was said */
  digest(): Promise<Digest>;
}

/** What the thread is sent: a range, or what is to be forgotten. */
interface Part {
  readonly id: number;
  readonly fd: number;
  readonly from: number;
  readonly to: number;
  readonly algorithm: DigestAlgorithm;
  /** Whether the digest is wanted with it. */
  readonly last: boolean;
  /** Not zero once nobody waits for it any more. */
  readonly unwanted: Int32Array;
}

/** What it answers to each part. */
interface Outcome {
  /** Of the last. */
  readonly hex?: string;
  /** Where the file ended, before the end of the range. */
  readonly end?: number;
  /** Of an error of Node.js, whose code would be lost on the way. */
  readonly failure?: { readonly message: string; readonly code: unknown };
}

/**
 * The digest of the first `size` bytes of an open file. It settles, also where the signal is aborted, when the descriptor is not used
 * any more.
 * @param shown for messages
 * @throws ImageError IO; INVALID where the file ends before; what the signal says
 */
export async function digestBeside(
  file: { readonly fd: number; readonly size: number; readonly shown: string },
  algorithm: DigestAlgorithm,
  signal?: AbortSignal,
): Promise<Digest> {
  signal?.throwIfAborted();
  await using digester = digesterOn(threadAt(0), file.fd, file.shown, algorithm);
  const stop = () => void digester[Symbol.asyncDispose]();
  signal?.addEventListener('abort', stop);
  try {
    digester.upTo(file.size);
    const digest = await digester.digest();
    signal?.throwIfAborted(); // then it is of a part of the file
    return digest;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

/** @param fd stays open until this is disposed of */
export function fileDigester(fd: number, shown: string, algorithm: DigestAlgorithm): FileDigester {
  const isFree = (threads[0]?.waiting.length ?? 0) === 0;
  return digesterOn(threadAt(isFree ? 0 : 1), fd, shown, algorithm);
}

let ids = 0;

function digesterOn(thread: Thread, fd: number, shown: string, algorithm: DigestAlgorithm): FileDigester {
  const id = ids++;
  const unwanted = new Int32Array(new SharedArrayBuffer(4));
  let at = 0;
  let ended = false;
  let answered: Promise<Outcome> = Promise.resolve({});
  const ask = (to: number, last = false) => {
    if (ended) return;
    ended = last;
    const asked = askThread(thread, { id, fd, from: at, to, algorithm, last, unwanted });
    at = to;
    // The first failure is what counts.
    answered = Promise.all([answered, asked]).then(([before, now]) => (isFailure(before) ? before : now));
    answered.catch(() => undefined); // awaited in the end
  };
  return {
    upTo: (offset) => ask(offset),
    digest: async () => {
      ask(at, true);
      const { hex, end, failure } = await answered;
      if (failure !== undefined) {
        throw fromSystem(Object.assign(new Error(failure.message), { code: failure.code }), `cannot read ${shown}`);
      }
      const digest = `${algorithm}:${hex}`;
      if (isDigest(digest)) return digest;
      throw new ImageError('INVALID', `${shown} ends at byte ${end}, where ${at} bytes were expected`);
    },
    [Symbol.asyncDispose]: async () => {
      Atomics.store(unwanted, 0, 1);
      if (at > 0) ask(at, true);
      await Promise.allSettled([answered]);
    },
  };
}

function isFailure({ end, failure }: Outcome): boolean {
  return end !== undefined || failure !== undefined;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which they will be answered. */
  readonly waiting: PromiseWithResolvers<Outcome>[];
  /** Why it answers no more. */
  failure?: { readonly error: unknown };
}

const threads: Thread[] = [];

function threadAt(index: 0 | 1): Thread {
  threads[index] ??= startThread(index);
  return threads[index];
}

function askThread({ worker, waiting, failure }: Thread, part: Part): Promise<Outcome> {
  if (failure !== undefined) return Promise.reject(failure.error);
  const answer = Promise.withResolvers<Outcome>();
  waiting.push(answer);
  worker.ref();
  worker.postMessage(part);
  return answer.promise;
}

function startThread(index: 0 | 1): Thread {
  const worker = newWorker();
  const waiting: Thread['waiting'] = [];
  const thread: Thread = { worker, waiting };
  const end = (error: unknown) => {
    thread.failure ??= { error };
    if (threads[index] === thread) delete threads[index];
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.unref();
  worker.on('message', (outcome: Outcome) => {
    waiting.shift()?.resolve(outcome);
    if (waiting.length === 0) worker.unref();
  });
  worker.on('error', end);
  worker.on('exit', () => end(new Error('bug: a thread that hashes has ended')));
  return thread;
}

function newWorker(): Worker {
  try {
    return new Worker(`(${hashParts})()`, { eval: true, execArgv: [], trackUnmanagedFds: false });
  } catch (error) {
    throw new ImageError('UNAVAILABLE', `cannot start a thread: ${(error as Error).message}`, {
      cause: error,
      hint: 'allow more processes (ulimit -u, or the limit of the container)',
    });
  }
}

/** The thread's program, which knows nothing of what is around it here. */
function hashParts(): void {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readSync } = process.getBuiltinModule('node:fs');
  const hashes = new Map<number, ReturnType<typeof createHash>>();
  // As much as stays in the processor's cache between being read and being hashed.
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);

  const outcomeOf = ({ id, fd, from, to, algorithm, last, unwanted }: Part): Outcome => {
    const hash = hashes.get(id) ?? createHash(algorithm);
    if (last) hashes.delete(id);
    else hashes.set(id, hash);
    for (let at = from; at < to && Atomics.load(unwanted, 0) === 0; ) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, to - at), at);
      if (count === 0) return { end: at };
      hash.update(count === buffer.length ? buffer : buffer.subarray(0, count));
      at += count;
    }
    return last ? { hex: hash.digest('hex') } : {};
  };
  parentPort?.on('message', (part: Part) => {
    try {
      parentPort.postMessage(outcomeOf(part));
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      parentPort.postMessage({ failure: { message, code } });
    }
  });
}
