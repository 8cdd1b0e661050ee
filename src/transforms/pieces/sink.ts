/** Writing an image in pieces to a place that stores blobs as a whole: only pieces that are new are sent. @module */
import { mapBounded } from '../../base/concurrency.ts';
import { type Digest, Digester, digestOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { isConfigType, isIndexType, isManifestType, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import { listedWith, NO_REFERRERS } from '../../formats/oci/referrers.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import { PieceCutter } from '../../formats/pieces/cutter.ts';
import { encodePieces, PIECE, PIECES_CONFIG, WHOLE } from '../../formats/pieces/document.ts';
import type { Sink } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';

/** Blobs below this are kept as a whole. In bytes. */
const LARGE = 4 * 1024 * 1024;

/** Pieces under way at once. */
const CONCURRENCY = 8;

/**
 * The same place, for one image, which is an artifact there that only pare makes an image of again: with the same digests.
 * @param sink a medium whose sources are read with `assembled`
 */
export function inPieces(sink: Sink): Sink {
  const wholes = new Map<Digest, Descriptor>();
  const cut = new Map<Digest, { readonly size: number; readonly pieces: readonly Descriptor[] }>();
  const write: Sink['write'] = async (mediaType, bytes, run) => {
    const { digest, ...blob } = await sendPieces(sink, bytes, run);
    cut.set(digest, blob);
    return { mediaType, digest, size: blob.size };
  };
  return {
    reference: sink.reference,
    has: async (descriptor, run) => {
      if (!isWhole(descriptor) || !(await sink.has(whole(descriptor), run))) return cut.has(descriptor.digest);
      wholes.set(descriptor.digest, whole(descriptor));
      return true;
    },
    push: async (descriptor, bytes, run, origin) => {
      if (isWhole(descriptor)) {
        await sink.push(whole(descriptor), bytes, run, origin);
        wholes.set(descriptor.digest, whole(descriptor));
        return;
      }
      const { digest } = await write(descriptor.mediaType, bytes, run);
      if (digest !== descriptor.digest) throw mismatch(descriptor, digest);
    },
    write,
    commit: async (root, { referrers = NO_REFERRERS } = {}, run = {}) => {
      const blobs = [...cut].sort(([a], [b]) => (a < b ? -1 : 1));
      const config = encodePieces({
        root,
        blobs: blobs.map(([digest, { size, pieces }]) => ({ digest, size, pieces: pieces.length })),
        referrers: listedWith(root.digest, referrers),
      });
      const manifest = canonicalJson({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: await pushDocument(sink, PIECES_CONFIG, config, run),
        layers: [
          ...[...wholes.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
          ...blobs.flatMap(([, { pieces }]) => pieces),
        ],
      } satisfies Manifest);
      if (manifest.length > MANIFEST_LIMIT) throw tooLarge(sink);
      await sink.commit(await pushDocument(sink, OCI_MANIFEST, manifest, run), {}, run);
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

function isWhole({ mediaType, size }: Descriptor): boolean {
  return size < LARGE || isIndexType(mediaType) || isManifestType(mediaType) || isConfigType(mediaType);
}

function whole({ digest, size }: Descriptor): Descriptor {
  return { mediaType: WHOLE, digest, size };
}

/** Cuts and sends; pieces that the place has are not sent. */
async function sendPieces(
  sink: Sink,
  bytes: AsyncIterable<Uint8Array>,
  run: Run = {},
): Promise<{ readonly digest: Digest; readonly size: number; readonly pieces: readonly Descriptor[] }> {
  const digester = new Digester();
  const all: Descriptor[] = [];
  let waiting: { readonly descriptor: Descriptor; readonly piece: Buffer }[] = [];
  const send = async () => {
    const batch = waiting;
    waiting = [];
    await mapBounded(batch, CONCURRENCY, async ({ descriptor, piece }) => {
      if (!(await sink.has(descriptor, run))) await sink.push(descriptor, pieces(piece), run);
    });
  };
  const take = async (piece: Buffer) => {
    const descriptor = { mediaType: PIECE, digest: digestOf(piece), size: piece.length };
    const isNew = !waiting.some((one) => one.descriptor.digest === descriptor.digest);
    all.push(descriptor);
    if (isNew) waiting.push({ descriptor, piece });
    if (waiting.length >= CONCURRENCY) await send();
  };
  const cutter = new PieceCutter();
  for await (const part of bytes) {
    run.signal?.throwIfAborted();
    digester.update(part);
    for (const piece of cutter.push(part)) await take(piece);
  }
  for (const piece of cutter.end()) await take(piece);
  await send();
  return { digest: digester.digest(), size: digester.size, pieces: all };
}

async function pushDocument(sink: Sink, mediaType: string, bytes: Uint8Array, run: Run): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  if (!(await sink.has(descriptor, run))) await sink.push(descriptor, pieces(bytes), run);
  return descriptor;
}

function mismatch(expected: Descriptor, digest: Digest): ImageError {
  return new ImageError('DIGEST_MISMATCH', `what was to be written has the digest ${digest}, not ${expected.digest}`);
}

function tooLarge({ reference }: Sink): ImageError {
  return new ImageError('LIMIT', `${reference}: the image has more pieces than a manifest of 4 MiB can name`, {
    hint: 'some 17 GB go into one: write it as a plain image, without --pieces',
  });
}
