/**
 * Uploading a blob: mounted from another repository where that is possible, in one request where it is small or lies on this machine, else
 * in chunks that are held until the registry has them. What a broken session has is not sent again; one that is gone is begun
 * anew.
 * @module
 */
import type { Digest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { Origin } from '../../../ports/content-store.ts';
import type { Run } from '../../../ports/run.ts';
import { type Place, placeName } from '../place.ts';
import { pause } from '../retry.ts';
import { chunksOf, type SpareBuffers } from './chunks.ts';
import { type Mount, UploadSession } from './session.ts';

/** Two buffers of this size are held for each blob under way. */
export const CHUNK = 8 << 20;
/** More than this a registry cannot demand of one chunk. */
const LARGEST_CHUNK = 64 << 20;
/** Sessions that are begun for one blob, besides the first. */
const RESTARTS = 5;

export interface Upload {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Of all bytes; asked for once they have been read. */
  digest(): Digest;
  /** Where they are known beforehand. */
  readonly expected?: Pick<Descriptor, 'digest' | 'size'>;
  readonly origin?: Origin;
  readonly spare: SpareBuffers;
}

/** @throws ImageError what the registry says; IO where it has lost the upload once too often */
export async function uploadBlob(place: Place, upload: Upload, run: Run): Promise<void> {
  const mayRestart = restarts(place, run);
  let { bytes } = upload;
  for (;;) {
    const loss = await uploadOnce(place, { ...upload, bytes }, mayRestart, run);
    if (loss === undefined) return;
    if (upload.origin === undefined || !(await mayRestart())) throw loss;
    bytes = upload.origin.again();
  }
}

/** @returns an error where the registry has lost bytes that are not at hand any more */
async function uploadOnce(
  place: Place,
  upload: Upload,
  mayRestart: () => Promise<boolean>,
  run: Run,
): Promise<ImageError | undefined> {
  await using session = await UploadSession.open(place, mountOf(place, upload), run);
  if (session === undefined) return undefined;
  let start = 0;
  let rest = upload.bytes;
  const { origin, expected } = upload;
  if (origin !== undefined && expected !== undefined && isAtHand(origin) && expected.size > CHUNK) {
    const reached = await sendAll(session, origin, expected.size);
    if (reached === undefined) return lost(place, session);
    start = reached;
    rest = skipped(origin.again(), reached);
  }
  for await (const { bytes, isLast } of chunksOf(rest, chunkSize(place, session, upload), upload.spare)) {
    const closing = isLast ? upload.digest() : undefined;
    try {
      while (!(await session.send(bytes, start, closing))) {
        if (start > 0 || !(await mayRestart())) return lost(place, session);
        await session.restart();
      }
    } catch (error) {
      if (start > 0 || isLast || !refuses(error) || origin === undefined || expected === undefined) throw error;
      await session.restart();
      const isThere = await session.sendWhole(() => origin.again(), expected.size, expected.digest);
      return isThere ? undefined : lost(place, session);
    }
    start += bytes.length;
  }
  return undefined;
}

/** Reading it again costs little, since it is on this machine. */
function isAtHand(origin: Origin): boolean {
  return origin.repository === undefined;
}

/**
 * What can be read again need not be held: all of it in one request, which a registry answers once, where chunks wait for it each.
 * @returns how much of it got through, none where the registry takes no request of that size; undefined where the session is gone
 */
async function sendAll(session: UploadSession, origin: Origin, size: number): Promise<number | undefined> {
  try {
    return await session.sendAll(() => origin.again(), size);
  } catch (error) {
    if (!refuses(error)) throw error;
    await session.restart();
    return 0;
  }
}

/** The bytes from an offset on. */
async function* skipped(bytes: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const piece of bytes) {
    at += piece.length;
    if (at > start) yield piece.subarray(Math.max(0, piece.length - (at - start)));
  }
}

function mountOf({ client, repository }: Place, { expected, origin }: Upload): Mount | undefined {
  const from = origin?.repository;
  if (from === undefined || expected === undefined || from.host !== client.host) return undefined;
  return from.path === repository ? undefined : { digest: expected.digest, repository: from.path };
}

function chunkSize(place: Place, { minChunk }: UploadSession, { expected }: Upload): number {
  if (minChunk > LARGEST_CHUNK) {
    throw new ImageError('LIMIT', `${placeName(place)}: the registry wants chunks of at least ${minChunk} bytes`);
  }
  const wanted = Math.max(CHUNK, minChunk);
  return expected === undefined ? wanted : Math.max(1, Math.min(wanted, expected.size));
}

/** Whether it is the chunk that the registry does not take, and not the blob. */
function refuses(error: unknown): boolean {
  return error instanceof ImageError && ['INVALID', 'UNSUPPORTED', 'LIMIT'].includes(error.code);
}

/** Waits before another session is begun. @returns false where there have been enough */
function restarts({ world }: Place, { signal }: Run): () => Promise<boolean> {
  let count = 0;
  return async () => {
    if (count === RESTARTS) return false;
    await world.sleep(pause(count++, world), signal);
    return true;
  };
}

function lost(place: Place, { failure }: UploadSession): ImageError {
  const why = failure === undefined ? '' : `: ${failure.message}`;
  return new ImageError('IO', `${placeName(place)}: the registry has lost what was uploaded${why}`, {
    hint: 'try again: blobs that it has are not sent twice',
    cause: failure,
  });
}
