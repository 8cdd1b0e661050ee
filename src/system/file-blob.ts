/**
 * A file of this machine, or a part of one, as a Blob. It is opened when first read and closed when nobody reads it, so that
 * a tree of a million files costs no descriptors; and it must not change while an image refers to it.
 * @module
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fromSystem, ImageError } from '../base/errors.ts';
import { decodeName, printableName } from '../base/names.ts';
import type { Blob } from '../model/content.ts';

/** What tells that a file is still the one that was looked at. */
interface FileStats {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  /** In the id, since a time of modification can be set back; no part of the check while reading: a new name changes it, too. */
  readonly ctimeNs: bigint;
}

/** Pieces in which files are streamed, in bytes: large enough for sha256 at full speed. */
const PIECE = 1 << 20;

/** Up to this many bytes are read at once, without the thread pool. */
const SMALL = 256 * 1024;

/** O_NONBLOCK: a name that has become a fifo must not hang us. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * @param path what to open: a Buffer where the name is no UTF-8
 * @param stats of the file when it was looked at; any difference later is an error
 * @throws ImageError (from its methods) IO where the file has been changed, DENIED where it may not be read
 */
export function fileBlob(path: string | Buffer, stats: FileStats): Blob {
  return new FileBlob(path, identityOf(stats));
}

/** A file that is open already, and stays so for as long as the blob is in use: it may be renamed or unlinked. */
export function handleBlob(id: string, handle: FileHandle, shown: string): Blob {
  return {
    id,
    fd: handle.fd,
    read: async (offset, length) => {
      const out = Buffer.allocUnsafe(length);
      readFully(handle.fd, out, offset, shown);
      return out;
    },
    readInto(target, offset, length) {
      readFully(handle.fd, target.subarray(0, length), offset, shown);
    },
    stream: (offset, length) => streamHandle(handle, shown, offset, length),
  };
}

/** The same of a file that keeps its name while it is in use, as far as pare can tell. */
export function namedBlob(id: string, handle: FileHandle, path: string): Blob {
  return { ...handleBlob(id, handle, path), file: { path: resolve(path), offset: 0 } };
}

/** At once: see {@link readUnchanged}. */
function readFully(fd: number, out: Uint8Array, offset: number, shown: string): void {
  for (let done = 0; done < out.length; ) {
    let got: number;
    try {
      got = readSync(fd, out, done, out.length - done, offset + done);
    } catch (error) {
      throw fromSystem(error, `cannot read ${shown}`);
    }
    if (got === 0) throw cutShort(shown, offset + out.length, offset + done);
    done += got;
  }
}

/** A class, since there is one for every file of a tree: two fields each, and methods shared. */
class FileBlob implements Blob {
  readonly id: string;
  readonly #path: string | Buffer;

  constructor(path: string | Buffer, id: string) {
    this.id = id;
    this.#path = path;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    if (performance.now() - turned > TURN) await turn();
    return readUnchanged(this.#path, this.id, Buffer.allocUnsafe(length), offset);
  }

  readInto(target: Uint8Array, offset: number, length: number): void {
    readUnchanged(this.#path, this.id, target.subarray(0, length), offset);
  }

  /** The file as it is now: that it is the one that was looked at is checked here, and no more. */
  async hold(): Promise<Blob & AsyncDisposable> {
    const shown = printable(this.#path);
    const handle = await reading(shown, open(this.#path, FLAGS));
    try {
      assertUnchanged(await handle.stat({ bigint: true }), this.#path, this.id);
    } catch (error) {
      await handle.close();
      throw error;
    }
    const blob =
      typeof this.#path === 'string' ? namedBlob(this.id, handle, this.#path) : handleBlob(this.id, handle, shown);
    return { ...blob, [Symbol.asyncDispose]: () => handle.close() };
  }

  async *stream(offset: number, length: number): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    if (length <= SMALL) yield readUnchanged(this.#path, this.id, Buffer.allocUnsafe(length), offset);
    else yield* streamUnchanged(this.#path, this.id, offset, length);
  }
}

/** Milliseconds after which the event loop gets a turn. */
const TURN = 2;
let turned = 0;

/**
 * Many reads without waiting would keep everything else from going on: signals, progress, and threads that have finished
 * their work and are to be given more.
 */
async function turn(): Promise<void> {
  await setImmediate();
  turned = performance.now();
}

function identityOf(stats: FileStats): string {
  return `${beginningOf(stats)}${stats.ctimeNs}`;
}

function beginningOf({ dev, ino, size, mtimeNs }: Omit<FileStats, 'ctimeNs'>): string {
  return `file:${dev}:${ino}:${size}:${mtimeNs}:`;
}

/**
 * At once, without a promise: a system of small files is read several times as fast as through the thread pool, and a piece
 * blocks for a millisecond at most.
 */
function readUnchanged<T extends Uint8Array>(path: string | Buffer, id: string, out: T, offset: number): T {
  const { length } = out;
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw fromSystem(error, `cannot read ${printable(path)}`);
    }
  };
  const fd = attempt(() => openSync(path, FLAGS));
  try {
    for (let done = 0; done < length; ) {
      const got = attempt(() => readSync(fd, out, done, length - done, offset + done));
      if (got === 0) break; // it has become shorter, which is said below
      done += got;
    }
    // After reading: a change before and one meanwhile are both seen, and a file that ends early has changed.
    assertUnchanged(fstatSync(fd, { bigint: true }), path, id);
    return out;
  } finally {
    closeSync(fd);
  }
}

async function* streamUnchanged(
  path: string | Buffer,
  id: string,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  const shown = printable(path);
  await using handle = await reading(shown, open(path, FLAGS));
  assertUnchanged(await handle.stat({ bigint: true }), path, id);
  yield* streamHandle(handle, shown, offset, length);
  assertUnchanged(await handle.stat({ bigint: true }), path, id);
}

/** The range in pieces that are valid until the next is asked for: two buffers take turns, the next being read ahead. */
export async function* streamHandle(
  handle: FileHandle,
  shown: string,
  offset: number,
  length: number,
): AsyncGenerator<Uint8Array> {
  if (length <= SMALL) {
    const out = Buffer.allocUnsafe(length);
    readFully(handle.fd, out, offset, shown);
    if (length > 0) yield out;
    return;
  }
  const size = Math.min(PIECE, length);
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  const end = offset + length;
  let at = offset;
  let turn = 0;
  const ask = () => {
    const asked = handle.read(buffers[turn++ % 2] as Buffer, 0, Math.min(PIECE, end - at), at);
    asked.catch(() => undefined); // awaited below, unless the consumer stops before
    return asked;
  };
  let next = length > 0 ? ask() : undefined;
  while (next !== undefined) {
    const { bytesRead, buffer } = await reading(shown, next);
    if (bytesRead === 0) throw cutShort(shown, end, at);
    at += bytesRead;
    next = at < end ? ask() : undefined;
    yield buffer.subarray(0, bytesRead);
  }
}

function assertUnchanged(now: FileStats, path: string | Buffer, id: string): void {
  if (id.startsWith(beginningOf(now))) return;
  const [, dev, ino, size] = id.split(':').map((part, i) => (i === 0 ? part : BigInt(part)));
  const changed =
    now.dev !== dev || now.ino !== ino
      ? 'it has been replaced'
      : now.size !== size
        ? `its size went from ${size} to ${now.size} bytes`
        : 'it has been written to';
  throw new ImageError('IO', `${printable(path)} changed while it was being read: ${changed}`, {
    hint: 'try again when nothing writes to it',
  });
}

function printable(path: string | Buffer): string {
  return printableName(typeof path === 'string' ? path : decodeName(path));
}

async function reading<T>(shown: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fromSystem(error, `cannot read ${shown}`);
  }
}

function cutShort(shown: string, wanted: number, end: number): ImageError {
  return new ImageError('INVALID', `${shown} ends at byte ${end}, where ${wanted} bytes were expected`);
}
