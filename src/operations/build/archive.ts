/** Archives among what ADD copies: what is in them. @module */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { type Compression, DETECTION_BYTES, detectCompression } from '../../formats/compress/detect.ts';
import { applyLayer } from '../../model/anchor.ts';
import type { Blob, Content } from '../../model/content.ts';
import { contentPieces } from '../../model/layer/content-pieces.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import { readLayer } from '../../model/layer/read.ts';
import type { FileNode } from '../../model/node.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import { handleBlob } from '../../system/file-blob.ts';
import { spool } from '../../system/spool.ts';

/** Bytes of a tar's first header. */
const BLOCK = 512;

/** No two spooled archives have one name: by it contents are told apart. */
let spools = 0;

/**
 * The entries of a tar, compressed with gzip, zstd, xz or bzip2 or not at all; undefined for any other file.
 * @param stack what is spooled stays readable until it is disposed of
 */
export async function archiveEntries(
  file: FileNode,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<readonly LayerEntry[] | undefined> {
  const { content } = file;
  const head = await readFileNode(file, { offset: 0, size: BLOCK });
  const compression = detectCompression(head.subarray(0, DETECTION_BYTES));
  if (compression === 'none') return isTar(head) ? entriesOf(...(await plain(content, stack, run))) : undefined;
  try {
    const spooled = stack.use(await spool(decompressed(content, compression, run), 'an archive', run));
    const blob = handleBlob(`spool:archive:${++spools}`, spooled.handle, 'an archive');
    const first = await blob.read(0, Math.min(BLOCK, spooled.size));
    return isTar(first) ? await entriesOf(blob, spooled.size) : undefined;
  } catch (error) {
    // Whatever is compressed wrongly is a file like others.
    if (error instanceof ImageError && error.code === 'INVALID') return undefined;
    throw error;
  }
}

/**
 * A context that came as an archive; undefined for any other file.
 * @param what for messages
 * @throws ImageError UNSUPPORTED for names that mean removed files in layers: no image can hold them
 */
export async function archiveTree(
  file: FileNode,
  what: string,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<Tree | undefined> {
  const entries = await archiveEntries(file, stack, run);
  if (entries === undefined) return undefined;
  const mark = entries.find(({ kind }) => kind === 'whiteout' || kind === 'opaque');
  if (mark !== undefined) {
    const path = printableName(mark.path);
    throw new ImageError('UNSUPPORTED', `${what} has a file for ${path} whose name begins with .wh.`, {
      hint: 'in an image such names mean removed files: leave it out of the archive',
    });
  }
  return (await applyLayer(EMPTY_TREE, asynchronous(entries))).tree;
}

async function* asynchronous<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** POSIX and GNU archives say `ustar`; older ones are told by the checksum of their first header. */
function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK) return false;
  if (Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar') return true;
  const stated = Number.parseInt(Buffer.from(head.subarray(148, 156)).toString('latin1').replace(/[\0 ]/g, ''), 8);
  const sum = head.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  return head[0] !== 0 && stated === sum;
}

async function plain(content: Content, stack: AsyncDisposableStack, run: Run): Promise<[Blob, number]> {
  if (content.kind === 'slice') {
    const { blob, offset, size } = content;
    return [{ ...partOf(blob, offset), id: `${blob.id} ${offset}` }, size];
  }
  const spooled = stack.use(await spool(contentPieces(content), 'an archive', run));
  return [handleBlob(`spool:archive:${++spools}`, spooled.handle, 'an archive'), spooled.size];
}

function partOf(blob: Blob, start: number): Omit<Blob, 'id'> {
  return {
    read: (offset, length) => blob.read(start + offset, length),
    stream: (offset, length) => blob.stream(start + offset, length),
  };
}

async function entriesOf(blob: Blob, size: number): Promise<readonly LayerEntry[]> {
  return Array.fromAsync(readLayer(blob, size));
}

function decompressed(content: Content, compression: Compression, run: Run): AsyncIterable<Uint8Array> {
  if (compression === 'gzip' || compression === 'zstd') {
    return decompress(contentPieces(content), compression, { signal: run.signal });
  }
  return through(compression, contentPieces(content), run);
}

/** By the machine's own program. @throws ImageError UNAVAILABLE where it is not there, INVALID where it fails */
async function* through(program: Compression, bytes: AsyncIterable<Uint8Array>, run: Run): AsyncGenerator<Uint8Array> {
  const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'ignore'], signal: run.signal });
  const failed = once(child, 'error').then(([error]) => {
    throw new ImageError('UNAVAILABLE', `the archive is compressed with ${program}, which is not installed here`, {
      hint: program === 'xz' ? 'install xz-utils' : 'install bzip2',
      cause: error,
    });
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const fed = pipeline(Readable.from(bytes), child.stdin).catch(() => undefined); // its exit status tells
  failed.catch(() => undefined);
  yield* child.stdout;
  const [status] = (await Promise.race([ended, failed])) as [number | null];
  await fed;
  if (status !== 0) throw new ImageError('INVALID', `the archive is no ${program} file, or broken`);
}
