/**
 * Uncompressed layers on disk, and what scanning them found. Nothing is fsynced: what was written since the system started
 * is whole, and what was written before is verified at its first use; so a crash costs time and never gives wrong bytes.
 * @module
 */
import { accessSync, constants, readFileSync, renameSync, rmSync } from 'node:fs';
import { type FileHandle, mkdtemp, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { present } from '../base/assert.ts';
import {
  algorithmOf,
  asDiffId,
  type DiffId,
  type Digest,
  type DigestAlgorithm,
  Digester,
  digestOf,
  shortDigest,
} from '../base/digest.ts';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import type { Blob } from '../model/content.ts';
import { LayerStream, readLayer } from '../model/layer/read.ts';
import type { LayerMaker } from '../ports/build-memory.ts';
import type { LayerCache, ScannedLayer } from '../ports/layer-cache.ts';
import type { Run } from '../ports/run.ts';
import { bootId } from '../system/boot.ts';
import { makeDirectories } from '../system/directories.ts';
import { handleBlob, namedBlob } from '../system/file-blob.ts';
import { digestBeside } from '../system/hash-thread.ts';
import { createTempFile } from '../system/temp-file.ts';
import { entriesPath, layerPath, markedUsed } from './cache-files.ts';
import { decodeEntries, EntryWriter, type StoredEntries } from './entry-codec.ts';

/** @param dir is made at the first use */
export function openLayerCache(dir: string): LayerCache & LayerMaker {
  const boot = bootId();
  const opened = new AsyncDisposableStack();
  const keep = (handle: FileHandle): FileHandle => opened.use(markedUsed(handle));

  let own: string | undefined;
  /** The cache, or a directory for this time only where the user may not write to it. */
  const writable = async (run: Run = {}): Promise<string> => {
    if (own !== undefined || isWritable(dir)) return own ?? dir;
    own = await mkdtemp(`${tmpdir()}/pare-`);
    run.report?.({
      type: 'warning',
      text: `${dir} cannot be written to: layers are uncompressed into ${own}, for this time`,
    });
    return own;
  };

  const get: LayerCache['get'] = async (diffId, run) => {
    const path = layerPath(dir, diffId);
    const handle = await openIfThere(path);
    if (handle === undefined) return undefined;
    keep(handle);
    const blob = namedBlob(diffId, handle, path);
    const { size } = await handle.stat();
    const known = readEntries(dir, diffId, blob);
    if (known?.header.boot === boot && known.header.size === size) return { blob, size, entries: known.entries };
    try {
      const { entries } = await scan(diffId, blob, blob.stream(0, size), undefined, run);
      return await remember(await writable(run), diffId, blob, entries.done({ boot, size }));
    } catch (error) {
      // What is cached was whole once: a crash of the system came between.
      if (!(error instanceof ImageError) || !['DIGEST_MISMATCH', 'INVALID'].includes(error.code)) throw error;
      if (isWritable(dir)) rmSync(path, { force: true });
      return undefined;
    }
  };

  const put: LayerCache['put'] = (diffId, bytes, run) => take(diffId, bytes, run);
  const add: LayerMaker['add'] = (bytes, run) => take(undefined, bytes, run);

  /** @param expected undefined: whatever it turns out to be */
  const take = async (expected: DiffId | undefined, bytes: AsyncIterable<Uint8Array>, run?: Run) => {
    const place = await writable(run);
    await using temp = await createTempFile(place);
    try {
      // The descriptor of the temporary file is closed with it; the blob's own stays.
      const handle = keep(await open(temp.path, constants.O_RDONLY));
      const { diffId, entries } = await scan(expected, handleBlob('layer', handle, temp.path), bytes, temp.handle, run);
      const path = layerPath(place, diffId);
      const { size } = await handle.stat();
      renameSync(temp.path, path);
      temp.keep();
      const blob = namedBlob(diffId, handle, path);
      return { diffId, ...(await remember(place, diffId, blob, entries.done({ boot, size }))) };
    } catch (error) {
      throw unwritable(error, place);
    }
  };

  const closing = new AbortController();
  const whileOpen = (signal = closing.signal): AbortSignal => AbortSignal.any([signal, closing.signal]);
  /** What reads files of {@link opened} on another thread. */
  const hashing = new Set<Promise<unknown>>();

  const adopt: LayerCache['adopt'] = async (diffId, blob, size, run) => {
    const held = (await blob.hold?.()) ?? blob;
    if (Symbol.asyncDispose in held) opened.use(held as Blob & AsyncDisposable);
    const { readInto } = held;
    const own: Blob = {
      id: diffId,
      read: (...range) => held.read(...range),
      ...(readInto && { readInto: (...range: Parameters<typeof readInto>) => readInto.call(held, ...range) }),
      stream: (...range) => held.stream(...range),
      ...(held.file && { file: held.file }),
      ...(held.fd === undefined ? {} : { fd: held.fd }),
    };
    const key = digestOf(`${diffId} ${size} ${blob.id}`) as DiffId;
    const known = readEntries(dir, key, own);
    if (known?.header.size === size) return { blob: own, size, entries: known.entries };
    const digest = digestOfBlob(own, size, algorithmOf(diffId), { ...run, signal: whileOpen(run?.signal) });
    digest.catch(() => undefined); // awaited below, unless the scan fails before
    hashing.add(digest);
    const bytes = (await listed(diffId, own, size, run)).done({ boot, size });
    const verified = (async () => {
      assertDigest(diffId, asDiffId(await digest));
      await writeEntries(await writable(run), key, bytes);
    })();
    verified.catch(() => undefined); // for whoever awaits it
    return { blob: own, size, entries: present(decodeEntries(bytes, own), 'list of entries').entries, verified };
  };

  return {
    get,
    put,
    add,
    adopt,
    [Symbol.asyncDispose]: async () => {
      closing.abort(new Error('bug: a layer is read behind the end of its cache'));
      await Promise.allSettled(hashing);
      await opened.disposeAsync();
      if (own !== undefined) rmSync(own, { recursive: true, force: true });
    },
  };
}

/** Of the whole blob: computed on another thread, where another thread can read it. */
async function digestOfBlob(blob: Blob, size: number, algorithm: DigestAlgorithm, { signal }: Run): Promise<Digest> {
  const { fd } = blob;
  if (fd !== undefined) return digestBeside({ fd, size, shown: blob.file?.path ?? blob.id }, algorithm, signal);
  const digester = new Digester(algorithm);
  for await (const piece of blob.stream(0, size)) {
    signal?.throwIfAborted();
    digester.update(piece);
  }
  return digester.digest();
}

/** Reads a cached layer again. @throws ImageError DIGEST_MISMATCH, INVALID */
export async function verifyCachedLayer(dir: string, diffId: Digest, run?: Run): Promise<void> {
  const id = asDiffId(diffId);
  const path = layerPath(dir, id);
  await using handle = await openIfThere(path);
  if (handle === undefined) return;
  const blob = handleBlob(id, handle, path);
  await scan(id, blob, blob.stream(0, (await handle.stat()).size), undefined, run);
}

interface Scanned {
  readonly diffId: DiffId;
  readonly entries: EntryWriter;
}

/**
 * Hashes, scans and, where asked to, writes one pass of bytes.
 * @param expected its DiffID, where that is known
 * @throws ImageError DIGEST_MISMATCH, INVALID
 */
async function scan(
  expected: DiffId | undefined,
  blob: Blob,
  bytes: AsyncIterable<Uint8Array>,
  to: FileHandle | undefined,
  run: Run = {},
): Promise<Scanned> {
  const digester = new Digester(expected === undefined ? 'sha256' : algorithmOf(expected));
  const layer = new LayerStream(blob);
  const entries = new EntryWriter();
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    const written = to?.writeFile(piece);
    written?.catch(() => undefined); // awaited below, unless the scan fails before
    digester.update(piece);
    for (const entry of layer.push(piece)) entries.add(entry);
    await written;
  }
  const diffId = asDiffId(digester.digest());
  if (expected !== undefined) assertDigest(expected, diffId);
  layer.end();
  if (layer.warning !== undefined) warn(diffId, layer.warning, run);
  return { diffId, entries };
}

/** After how many headers the event loop gets a turn: a signal may have come. */
const TURN = 4096;

/** What the headers say, of bytes that are not verified. @throws ImageError INVALID */
async function listed(diffId: DiffId, blob: Blob, size: number, run: Run = {}): Promise<EntryWriter> {
  const entries = new EntryWriter();
  let count = 0;
  for await (const entry of readLayer(blob, size, (text) => warn(diffId, text, run))) {
    entries.add(entry);
    if (++count % TURN === 0) await setImmediate();
    run.signal?.throwIfAborted();
  }
  return entries;
}

function warn(diffId: DiffId, text: string, run: Run): void {
  run.report?.({ type: 'warning', text: `layer ${shortDigest(diffId)}: ${text}` });
}

/** @throws ImageError DIGEST_MISMATCH */
function assertDigest(expected: DiffId, found: DiffId): void {
  if (found === expected) return;
  throw new ImageError(
    'DIGEST_MISMATCH',
    `a layer uncompressed has the digest ${found}; the config states ${expected}`,
    {
      hint: 'the image is damaged, or was put together wrongly: get it again from where it came from',
    },
  );
}

function readEntries(dir: string, key: DiffId, blob: Blob): StoredEntries | undefined {
  try {
    return decodeEntries(readFileSync(entriesPath(dir, key)), blob);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read the cache ${dir}`);
  }
}

/** Writes the list of entries, and gives the layer back as it would be read from it. */
async function remember(dir: string, key: DiffId, blob: Blob, bytes: Buffer): Promise<ScannedLayer> {
  await writeEntries(dir, key, bytes);
  const { header, entries } = present(decodeEntries(bytes, blob), 'list of entries');
  return { blob, size: header.size, entries };
}

async function writeEntries(dir: string, key: DiffId, bytes: Buffer): Promise<void> {
  await using temp = await createTempFile(dir);
  try {
    await temp.handle.writeFile(bytes);
    renameSync(temp.path, entriesPath(dir, key));
  } catch (error) {
    throw unwritable(error, dir);
  }
  temp.keep();
}

function unwritable(error: unknown, dir: string): ImageError {
  return fromSystem(error, `cannot write to the cache ${dir}`, 'make room, or set PARE_HOME to another directory');
}

function isWritable(dir: string): boolean {
  try {
    makeDirectories(dir);
    accessSync(dir, constants.W_OK);
    return true;
  } catch (error) {
    const { code } = fromSystem(error, `cannot make the cache ${dir}`);
    if (code !== 'DENIED')
      throw fromSystem(error, `cannot make the cache ${dir}`, 'set PARE_HOME to another directory');
    return false;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read the cache ${path}`);
  }
}
