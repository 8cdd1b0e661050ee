/**
 * An OCI layout as a directory on disk (image-spec image-layout.md): what `oci:DIR` and the store have in common. Blobs
 * appear whole and verified; `index.json` is replaced in one step, under a lock.
 * @module
 */
import { constants, existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { mapBounded } from '../base/concurrency.ts';
import { algorithmOf, type Digest, encodedOf } from '../base/digest.ts';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import { canonicalJson } from '../base/json.ts';
import { EMPTY_INDEX, LAYOUT_FILE } from '../formats/oci/layout.ts';
import { checkLayoutFile, MANIFEST_LIMIT, parseIndexFile } from '../formats/oci/parse.ts';
import type { Descriptor, Index } from '../formats/oci/types.ts';
import type { Blob } from '../model/content.ts';
import type { Run } from '../ports/run.ts';
import { verified } from '../ports/verified.ts';
import { makeDirectories } from './directories.ts';
import { fileBlob, streamHandle } from './file-blob.ts';
import { createTempFile, type TempFile } from './temp-file.ts';
import { writeBehind } from './write-behind.ts';
import { writtenDigest } from './written-digest.ts';

export function blobPath(dir: string, digest: Digest): string {
  return `${dir}/blobs/${algorithmOf(digest)}/${encodedOf(digest)}`;
}

/** Whether the directory holds a layout that pare reads. @throws ImageError INVALID, UNSUPPORTED, DENIED */
export function isLayout(dir: string): boolean {
  const path = `${dir}/oci-layout`;
  try {
    checkLayoutFile(readFileSync(path), path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return false;
    throw fromSystem(error, `cannot read ${path}`);
  }
}

/** Makes an empty layout; of several processes that do, all succeed. */
export async function makeLayout(dir: string): Promise<void> {
  try {
    makeDirectories(`${dir}/blobs/sha256`);
  } catch (error) {
    throw fromSystem(error, `cannot make the directory ${dir}`);
  }
  if (!existsSync(`${dir}/index.json`)) await replaceFile(dir, 'index.json', canonicalJson(EMPTY_INDEX));
  if (!existsSync(`${dir}/oci-layout`)) await replaceFile(dir, 'oci-layout', LAYOUT_FILE);
}

export function readIndex(dir: string): Index {
  const path = `${dir}/index.json`;
  return parseIndexFile(
    attempt(`cannot read ${path}`, () => readFileSync(path)),
    path,
  );
}

/** The caller holds the lock. @param sync whether the bytes are on the disk before they get their name */
export async function writeIndex(dir: string, index: Index, sync = false): Promise<void> {
  const bytes = canonicalJson(index);
  if (bytes.length > MANIFEST_LIMIT) {
    throw new ImageError('LIMIT', `${dir}/index.json would have more than ${MANIFEST_LIMIT} bytes`, {
      hint: 'remove names that are no longer wanted',
    });
  }
  await replaceFile(dir, 'index.json', bytes, sync);
}

async function replaceFile(dir: string, name: string, bytes: Uint8Array, sync = false): Promise<void> {
  await using temp = await createTempFile(dir);
  try {
    await temp.handle.writeFile(bytes);
    if (sync) await temp.handle.sync();
    renameSync(temp.path, `${dir}/${name}`);
    if (sync) await syncPath(dir);
  } catch (error) {
    throw fromSystem(error, `cannot write ${dir}/${name}`);
  }
  temp.keep();
}

/** Whether the blob is there, with the right size; its bytes were verified when they were written. */
export function hasBlob(dir: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>): boolean {
  const path = blobPath(dir, digest);
  return attempt(`cannot look at ${path}`, () => statSync(path, { throwIfNoEntry: false })?.size === size);
}

/** A blob's bytes, verified. @throws ImageError NOT_FOUND, DIGEST_MISMATCH */
export function readBlob(
  dir: string,
  descriptor: Pick<Descriptor, 'digest' | 'size'>,
  where: string,
): AsyncIterable<Uint8Array> {
  return verified(descriptor, storedBytes(dir, descriptor.digest, where), where);
}

async function* storedBytes(dir: string, digest: Digest, where: string): AsyncGenerator<Uint8Array> {
  await using handle = await openBlob(dir, digest, where);
  const { size } = await handle.stat();
  yield* streamHandle(handle, blobPath(dir, digest), 0, size);
}

/** The blob's bytes for reading at any position, unverified; undefined where it is not there with the right size. */
export function blobFile(dir: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>): Blob | undefined {
  const path = blobPath(dir, digest);
  const stats = attempt(`cannot look at ${path}`, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  if (stats === undefined || Number(stats.size) !== size) return undefined;
  const blob = fileBlob(path, stats);
  // The time of change cannot be set back: what was verified under this id is verified for good.
  const id = `${blob.id}:${stats.ctimeNs}`;
  const { hold } = blob;
  return {
    id,
    read: (...range) => blob.read(...range),
    stream: (...range) => blob.stream(...range),
    // Blobs of a layout take their names when they are whole, and are not written to any more.
    ...(hold && { hold: async () => ({ ...(await hold.call(blob)), id }) }),
  };
}

/** A small blob as a whole and unverified; undefined where it is not there or larger than the limit. */
export function readBlobNow(dir: string, digest: Digest, limit: number): Uint8Array | undefined {
  const path = blobPath(dir, digest);
  return attempt(`cannot read ${path}`, () => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined || stats.size > limit ? undefined : readFileSync(path);
  });
}

/** Makes sure that blobs that are there outlive a loss of power: their bytes and their names. */
export async function syncBlobs(dir: string, digests: readonly Digest[]): Promise<void> {
  if (digests.length === 0) return;
  const places = [
    ...digests.map((digest) => blobPath(dir, digest)),
    ...BLOB_DIRS.map((name) => `${dir}/blobs/${name}`),
  ];
  await mapBounded(places.filter(existsSync), 4, syncPath);
}

/** fsync(2) of a file, or of a directory: of the names in it. */
async function syncPath(path: string): Promise<void> {
  try {
    await using handle = await open(path, constants.O_RDONLY);
    await handle.sync();
  } catch (error) {
    throw fromSystem(error, `cannot make sure that ${path} is on the disk`);
  }
}

function attempt<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromSystem(error, doing);
  }
}

const BLOB_DIRS = ['sha256', 'sha512'] as const;

async function openBlob(dir: string, digest: Digest, where: string): Promise<FileHandle> {
  try {
    return await open(blobPath(dir, digest), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fromSystem(error, `cannot read ${digest} in ${where}`);
    throw new ImageError('NOT_FOUND', `${where} lacks the blob ${digest}`, {
      cause: error,
      hint: 'the image there is not whole: get it again from where it came from',
    });
  }
}

/** A blob that has been written and verified, and has not got its name yet. */
export interface PendingBlob extends AsyncDisposable {
  readonly digest: Digest;
  readonly size: number;
  /** Gives it its name, in one step; without it, disposal leaves nothing behind. */
  publish(): void;
}

/**
 * Writes bytes into a temporary file, hashing them on the way.
 * @param expected what they must be, where that is known
 * @throws ImageError DIGEST_MISMATCH, IO (disk full …)
 */
export async function writePending(
  dir: string,
  tempDir: string,
  bytes: AsyncIterable<Uint8Array>,
  expected: Pick<Descriptor, 'digest' | 'size'> | undefined,
  run: Run = {},
): Promise<PendingBlob> {
  const temp = await createTempFile(tempDir);
  try {
    await using digester = expected === undefined ? writtenDigest(temp.handle.fd, temp.path) : undefined;
    const checked = expected === undefined ? bytes : verified(expected, bytes, 'what was to be written');
    const size = await writeBehind(temp.handle, checked, digester, run);
    const digest = (await digester?.digest(size)) ?? (expected as Descriptor).digest;
    return pendingBlob(dir, temp, { digest, size });
  } catch (error) {
    await temp[Symbol.asyncDispose]();
    throw fromSystem(error, `cannot write to ${dir}`);
  }
}

/** A temporary file as the blob that it holds. It has been verified. */
export function pendingBlob(
  dir: string,
  temp: TempFile,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
): PendingBlob {
  return {
    digest,
    size,
    publish: () => {
      attempt(`cannot write to ${dir}`, () => {
        makeDirectories(`${dir}/blobs/${algorithmOf(digest)}`);
        renameSync(temp.path, blobPath(dir, digest));
      });
      temp.keep();
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}
