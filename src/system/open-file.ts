/**
 * An archive file open for reading at any position, whatever it is: a regular file in place, or, spooled, standard input, a
 * pipe and a compressed file.
 * @module
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { fromSystem, ImageError } from '../base/errors.ts';
import { decompress } from '../formats/compress/decompress.ts';
import { type Compression, DETECTION_BYTES, detectCompression } from '../formats/compress/detect.ts';
import type { Blob } from '../model/content.ts';
import type { Run } from '../ports/run.ts';
import { handleBlob, namedBlob } from './file-blob.ts';
import { readPipe } from './pipe.ts';
import { spool } from './spool.ts';

export interface OpenFile extends AsyncDisposable {
  /** The whole, uncompressed. */
  readonly blob: Blob;
  readonly size: number;
  /** Whether the bytes are those of a file that has a name, so that remembering what was found in it makes sense. */
  readonly inPlace: boolean;
}

/**
 * @param path of a file; `-` is standard input
 * @throws ImageError NOT_FOUND, DENIED, IO; INVALID, LIMIT, UNSUPPORTED where it is compressed and cannot be decompressed
 */
export async function openFile(path: string, run: Run = {}): Promise<OpenFile> {
  await using stack = new AsyncDisposableStack();
  const found = await openPath(path, run, stack);
  if (found.kind === 'stream') return await spooled(found.bytes, found.what, run);
  const { blob, size } = found;
  const compression = detectCompression(await blob.read(0, Math.min(DETECTION_BYTES, size)));
  if (compression !== 'none') return await unpacked(blob.stream(0, size), compression, path, run);
  const open = stack.move();
  return { blob, size, inPlace: true, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** The same with the bytes as they are, compressed or not. @throws ImageError NOT_FOUND, DENIED, IO */
export async function openBytes(path: string, run: Run = {}): Promise<Omit<OpenFile, 'inPlace'>> {
  await using stack = new AsyncDisposableStack();
  const found = await openPath(path, run, stack);
  if (found.kind === 'stream') return await kept(found.bytes, found.what, run);
  const open = stack.move();
  return { blob: found.blob, size: found.size, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

type Found =
  | { readonly kind: 'file'; readonly blob: Blob; readonly size: number }
  /** What cannot be read twice. */
  | { readonly kind: 'stream'; readonly bytes: AsyncIterable<Uint8Array>; readonly what: string };

async function openPath(path: string, { signal }: Run, stack: AsyncDisposableStack): Promise<Found> {
  if (path === '-') return { kind: 'stream', bytes: stdin(), what: STDIN };
  const there = await statsOf(path);
  if (there.isFIFO()) return { kind: 'stream', bytes: readPipe(path, signal), what: path };
  refuseOthers(path, there);
  const handle = stack.use(await openForReading(path));
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) {
    return { kind: 'stream', bytes: handle.createReadStream({ autoClose: false, highWaterMark: PIECE }), what: path };
  }
  const size = Number(stats.size);
  return {
    kind: 'file',
    blob: namedBlob(`file:${stats.dev}:${stats.ino}:${size}:${stats.ctimeNs}`, handle, path),
    size,
  };
}

/** Terminals and their like: reading them may wait for ever, or go on for ever. */
function refuseOthers(path: string, stats: Stats): void {
  if (stats.isDirectory()) {
    throw new ImageError('USAGE', `${path} is a directory, and a file is wanted here`, {
      hint: `write oci:${path} for an OCI layout, rootfs:${path} for a root filesystem`,
    });
  }
  if (stats.isFile() || stats.isBlockDevice()) return;
  const what = stats.isSocket() ? 'a socket' : 'a device';
  throw new ImageError('UNSUPPORTED', `${path} is ${what}, and a file is wanted here`, {
    hint: 'what another program writes is read from standard input: "-"',
  });
}

/** A tar has two blocks of zeros at its end, also where it holds no files. @throws ImageError INVALID where there is no byte */
export function filled<T extends { readonly size: number }>(file: T, what: string): T {
  if (file.size > 0) return file;
  throw new ImageError('INVALID', `${what === '-' ? STDIN : what} is empty: not even an archive without files`, {
    hint: 'has the program that was to write it failed?',
  });
}

const STDIN = 'standard input';

const PIECE = 1 << 20;

function stdin(): AsyncIterable<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new ImageError('USAGE', 'an archive is expected on standard input, which is a terminal', {
      hint: 'write the name of a file, or pipe one in',
    });
  }
  return process.stdin;
}

/**
 * What cannot be read twice: looked at for compression as it comes, and spooled.
 * @param what for messages
 * @throws ImageError as `openFile`; whatever the bytes throw
 */
export async function spooled(bytes: AsyncIterable<Uint8Array>, what: string, run: Run): Promise<OpenFile> {
  const pieces = bytes[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < DETECTION_BYTES) {
    const next = await pieces.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = (async function* () {
    yield head;
    yield* { [Symbol.asyncIterator]: () => pieces };
  })();
  return unpacked(all, detectCompression(head), what, run);
}

function unpacked(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  what: string,
  run: Run,
): Promise<OpenFile> {
  return kept(decompress(bytes, compression, { signal: run.signal }), what, run);
}

async function kept(bytes: AsyncIterable<Uint8Array>, what: string, run: Run): Promise<OpenFile> {
  const { handle, size, [Symbol.asyncDispose]: dispose } = await spool(bytes, what, run);
  return { blob: handleBlob(`spool:${what}`, handle, what), size, inPlace: false, [Symbol.asyncDispose]: dispose };
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw fromSystem(error, `cannot open ${path}`);
  }
}

async function statsOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw fromSystem(error, `cannot open ${path}`);
  }
}
