/** A registry's layers that a build both reads and sends on: fetched once. @module */
import type { FileHandle } from 'node:fs/promises';
import type { Digest } from '../../base/digest.ts';
import { fromSystem } from '../../base/errors.ts';
import { layerCompression } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import { handedOn, verified } from '../../ports/verified.ts';
import { streamHandle } from '../../system/file-blob.ts';
import { openNameless, SPACE } from '../../system/spool.ts';

/** The same source, for reading images and for sending on what has been read. */
export interface FetchedOnce {
  readonly reading: Source;
  readonly sending: Source;
}

/** Layers that have been read to the last byte lie in files without a name until the stack is disposed of. */
export function fetchedOnce(source: Source, stack: AsyncDisposableStack): FetchedOnce {
  if (source.repository === undefined) return { reading: source, sending: source };
  const kept = new Map<Digest, FileHandle>();
  const read: Source['fetch'] = (descriptor, run) => {
    const bytes = source.fetch(descriptor, run);
    if (layerCompression(descriptor.mediaType) === undefined) return bytes;
    const keep = (file: FileHandle) => kept.set(descriptor.digest, stack.use(file));
    return handedOn(bytes, keeping(bytes, descriptor, keep));
  };
  const send: Source['fetch'] = (descriptor, run) => {
    const file = kept.get(descriptor.digest);
    if (file === undefined) return source.fetch(descriptor, run);
    const { digest, size } = descriptor;
    return verified(descriptor, streamHandle(file, digest, 0, size), source.reference);
  };
  return { reading: { ...source, fetch: read }, sending: { ...source, fetch: send } };
}

async function* keeping(
  bytes: AsyncIterable<Uint8Array>,
  { digest }: Descriptor,
  keep: (file: FileHandle) => void,
): AsyncGenerator<Uint8Array> {
  const what = `the layer ${digest}`;
  const file = await openNameless(what);
  let isWhole = false;
  try {
    for await (const piece of bytes) {
      const written = file.writeFile(piece).catch((error: unknown) => {
        throw fromSystem(error, `cannot keep ${what}`, SPACE);
      });
      written.catch(() => undefined); // awaited below, unless whoever reads stops before
      yield piece;
      await written;
    }
    isWhole = true;
  } finally {
    if (isWhole) keep(file);
    else await file.close();
  }
}
