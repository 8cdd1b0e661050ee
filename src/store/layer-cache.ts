/**
 * Uncompressed layers on disk, and what scanning them found. Nothing is fsynced: what was written since the system started
 * is whole, and what was written before is verified at its first use; so a crash costs time and never gives wrong bytes.
 * @module
 */
import { constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { algorithmOf, asDiffId, type DiffId, type Digest, Digester, digestOf, encodedOf } from '../base/digest.ts';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import type { Blob } from '../model/content.ts';
import type { LayerEntry } from '../model/layer/entry.ts';
import { LayerStream } from '../model/layer/read.ts';
import type { LayerCache } from '../ports/layer-cache.ts';
import type { Run } from '../ports/run.ts';
import { bootId } from '../system/boot.ts';
import { handleBlob } from '../system/file-blob.ts';
import { createTempFile, removeDeadTempFiles } from '../system/temp-file.ts';
import { decodeEntries, encodeEntries } from './entry-codec.ts';

/** @param dir is made at the first use */
export function openLayerCache(dir: string): LayerCache {
  const boot = bootId();
  const handles: FileHandle[] = [];
  const keep = (handle: FileHandle): FileHandle => {
    handles.push(handle);
    return handle;
  };

  const get: LayerCache['get'] = async (diffId, run) => {
    const path = layerPath(dir, diffId);
    const handle = await openIfThere(path);
    if (handle === undefined) return undefined;
    keep(handle);
    const blob = handleBlob(diffId, handle, path);
    const { size } = await handle.stat();
    const known = readEntries(dir, diffId, blob);
    if (known?.header.boot === boot && known.header.size === size) return { blob, entries: known.entries };
    try {
      const entries = await scan(diffId, blob, blob.stream(0, size), undefined, run);
      await writeEntries(dir, diffId, { boot, size }, entries);
      return { blob, entries };
    } catch (error) {
      // What is cached was whole once: a crash of the system came between.
      if (!(error instanceof ImageError) || !['DIGEST_MISMATCH', 'INVALID'].includes(error.code)) throw error;
      rmSync(path, { force: true });
      return undefined;
    }
  };

  const put: LayerCache['put'] = async (diffId, bytes, run) => {
    prepare(dir);
    await using temp = await createTempFile(dir);
    const path = layerPath(dir, diffId);
    // The descriptor of the temporary file is closed with it; the blob's own stays.
    const handle = keep(await open(temp.path, constants.O_RDONLY));
    const blob = handleBlob(diffId, handle, path);
    const entries = await scan(diffId, blob, bytes, temp.handle, run);
    const { size } = await handle.stat();
    renameSync(temp.path, path);
    temp.keep();
    await writeEntries(dir, diffId, { boot, size }, entries);
    return { blob, entries };
  };

  const adopt: LayerCache['adopt'] = async (diffId, blob, size, run) => {
    const own: Blob = {
      id: diffId,
      read: (...range) => blob.read(...range),
      stream: (...range) => blob.stream(...range),
    };
    const key = digestOf(`${diffId} ${size} ${blob.id}`) as DiffId;
    const known = readEntries(dir, key, own);
    if (known?.header.size === size) return { blob: own, entries: known.entries };
    const entries = await scan(diffId, own, blob.stream(0, size), undefined, run);
    prepare(dir);
    await writeEntries(dir, key, { boot, size }, entries);
    return { blob: own, entries };
  };

  return {
    get,
    put,
    adopt,
    [Symbol.asyncDispose]: async () => {
      for (const handle of handles) await handle.close();
    },
  };
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

export interface CacheUse {
  readonly layers: number;
  readonly bytes: number;
}

/** How much the cache holds. A cache that was never used holds nothing. */
export function cacheUse(dir: string): CacheUse {
  let [layers, bytes] = [0, 0];
  for (const name of cacheFiles(dir)) {
    bytes += statSync(`${dir}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
    if (name.endsWith('.tar')) layers++;
  }
  return { layers, bytes };
}

/** Removes it all. Who has a layer open goes on reading it: its bytes go with the last who does. */
export function clearCache(dir: string): CacheUse {
  const use = cacheUse(dir);
  for (const name of cacheFiles(dir)) rmSync(`${dir}/${name}`, { force: true });
  if (existsSync(dir)) removeDeadTempFiles(dir);
  return use;
}

function cacheFiles(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) => /^sha\d+-[0-9a-f]+\.(?:tar|entries)$/.test(name));
}

/** Hashes, scans and, where asked to, writes one pass of bytes. @throws ImageError DIGEST_MISMATCH, INVALID */
async function scan(
  diffId: DiffId,
  blob: Blob,
  bytes: AsyncIterable<Uint8Array>,
  to: FileHandle | undefined,
  run: Run = {},
): Promise<readonly LayerEntry[]> {
  const digester = new Digester(algorithmOf(diffId));
  const layer = new LayerStream(blob);
  const entries: LayerEntry[] = [];
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    const written = to?.writeFile(piece);
    written?.catch(() => undefined); // awaited below, unless the scan fails before
    digester.update(piece);
    for (const entry of layer.push(piece)) entries.push(entry);
    await written;
  }
  const digest = digester.digest();
  if (digest !== diffId) {
    throw new ImageError(
      'DIGEST_MISMATCH',
      `a layer uncompressed has the digest ${digest}; the config states ${diffId}`,
      {
        hint: 'the image is damaged, or was put together wrongly: get it again from where it came from',
      },
    );
  }
  layer.end();
  return entries;
}

const layerPath = (dir: string, diffId: DiffId) => `${dir}/${algorithmOf(diffId)}-${encodedOf(diffId)}.tar`;
const entriesPath = (dir: string, key: DiffId) => `${dir}/${algorithmOf(key)}-${encodedOf(key)}.entries`;

function readEntries(dir: string, key: DiffId, blob: Blob): ReturnType<typeof decodeEntries> {
  try {
    return decodeEntries(readFileSync(entriesPath(dir, key)), blob);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromSystem(error, `cannot read the cache ${dir}`);
  }
}

async function writeEntries(
  dir: string,
  key: DiffId,
  header: { readonly boot: string; readonly size: number },
  entries: readonly LayerEntry[],
): Promise<void> {
  await using temp = await createTempFile(dir);
  await temp.handle.writeFile(encodeEntries(header, entries));
  renameSync(temp.path, entriesPath(dir, key));
  temp.keep();
}

function prepare(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw fromSystem(error, `cannot make the cache ${dir}`, 'set PARE_HOME to a directory that you may write to');
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
