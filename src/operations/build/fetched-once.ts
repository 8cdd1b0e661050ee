/**
 * A registry's layers that a build both reads and sends on: fetched once, and in the store from then on, as if they had been
 * pulled.
 * @module
 */
import { fromSystem, ImageError } from '../../base/errors.ts';
import { layerCompression } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { handedOn } from '../../ports/verified.ts';
import { storedFirst } from '../../store/at-hand.ts';
import { tempDir } from '../../store/directory.ts';
import { openStore, type StoreSession } from '../../store/session.ts';
import { hasBlob, pendingBlob } from '../../system/layout-directory.ts';
import { createTempFile } from '../../system/temp-file.ts';
import { BehindWriter } from '../../system/write-behind.ts';

/** The same source, for reading images and for sending on what has been read. */
export interface FetchedOnce {
  readonly reading: Source;
  readonly sending: Source;
}

/**
 * Layers that have been read to the last byte are sent on from the store, which keeps them from `prune` until the stack is
 * disposed of. Where the store cannot be written to they are fetched again.
 * @param store its directory
 */
export function fetchedOnce(source: Source, store: string, stack: AsyncDisposableStack): FetchedOnce {
  if (source.repository === undefined) return { reading: source, sending: source };
  const open = async (run?: Run) => {
    const session = await unlessDenied(openStore(store, { create: true }, run));
    return session && stack.use(session);
  };
  let opened: ReturnType<typeof open> | undefined;
  const fetch: Source['fetch'] = (descriptor, run) => {
    const bytes = source.fetch(descriptor, run);
    if (layerCompression(descriptor.mediaType) === undefined || hasBlob(store, descriptor)) return bytes;
    return handedOn(
      bytes,
      keeping(bytes, descriptor, () => (opened ??= open(run))),
    );
  };
  // What is in the store is known when it is asked for.
  const send: Source['fetch'] = (descriptor, run) => storedFirst(source, store).fetch(descriptor, run);
  return { reading: { ...source, fetch }, sending: { ...source, fetch: send } };
}

async function unlessDenied<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof ImageError && error.code === 'DENIED') return undefined;
    throw error;
  }
}

async function* keeping(
  bytes: AsyncIterable<Uint8Array>,
  descriptor: Descriptor,
  open: () => Promise<StoreSession | undefined>,
): AsyncGenerator<Uint8Array> {
  const session = await open();
  await using temp = session && (await unlessDenied(createTempFile(tempDir(session.dir))));
  if (session === undefined || temp === undefined) return yield* bytes;
  const { dir } = session;
  try {
    await using writer = new BehindWriter(temp.handle);
    for await (const piece of bytes) {
      await writer.add(piece);
      yield piece;
    }
    await writer.end();
  } catch (error) {
    throw fromSystem(error, `cannot write to the store ${dir}`, 'make room, or set PARE_HOME to another directory');
  }
  const blob = pendingBlob(dir, temp, descriptor);
  await session.lease(() => ({ digests: [blob.digest], value: blob.publish() }));
}
