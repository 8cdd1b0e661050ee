/** Recomputing everything that an image's documents promise. @module */
import { algorithmOf, type DiffId, type Digest, Digester } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { checkLayerCount, parseConfig } from '../../formats/oci/config.ts';
import {
  isConfigType,
  isForeignLayer,
  isIndexType,
  isManifestType,
  layerCompression,
} from '../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';
import { isChunked, verifyContents } from './contents.ts';

/** Something that is not as it should be. */
export interface Problem {
  /** The blob that is wrong, or that speaks of what is wrong. */
  readonly digest: Digest;
  readonly message: string;
}

export interface Verification {
  /** Blobs whose bytes were read and found to be what they should be. */
  readonly blobs: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** Verifies one after the other, and what several images share once. */
export interface Verifier {
  /** The manifest or index and all that it speaks of: sizes, digests, and of layers the digest of what they hold. */
  image(source: Source, root: Descriptor): Promise<void>;
  /** The same, and what refers to it or to any of its documents, and to that in turn. */
  imageWithReferrers(source: Source, root: Descriptor): Promise<void>;
  result(): Verification;
}

/** Manifests and indexes: whoever lists referrers without end is not followed. */
const MOST_DOCUMENTS = 100_000;

export function verifier(run: Run = {}): Verifier {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const documents: Descriptor[] = [];
  let blobs = 0;
  let bytes = 0;

  /** Runs a check once for each key; what is wrong is written down, and the others go on. */
  const checking = async (key: string, one: Descriptor, check: () => Promise<void>): Promise<void> => {
    if (seen.has(key)) return;
    seen.add(key);
    run.signal?.throwIfAborted();
    try {
      await check();
      blobs++;
      bytes += one.size;
      run.report?.({ type: 'bytes', label: 'verifying', done: bytes });
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      // Not kept here on purpose.
      if (error.code === 'NOT_FOUND' && isForeignLayer(one)) return;
      problems.push({ digest: one.digest, message: error.message });
    }
  };

  const image = async (source: Source, one: Descriptor): Promise<void> => {
    let manifest: Manifest | undefined;
    let children: readonly Descriptor[] = [];
    await checking(one.digest, one, async () => {
      documents.push(one);
      const document = await readDocument(source, one, run);
      if (isIndexType(one.mediaType)) children = parseIndex(document, one).manifests;
      else if (isManifestType(one.mediaType)) manifest = parseManifest(document, one);
    });
    for (const child of children) await image(source, child);
    if (manifest !== undefined) await parts(source, manifest);
  };

  const parts = async (source: Source, manifest: Manifest): Promise<void> => {
    let ids: readonly DiffId[] = [];
    const { config } = manifest;
    await checking(config.digest, config, async () => {
      const document = await readDocument(source, config, run);
      if (!isConfigType(config.mediaType)) return;
      const parsed = parseConfig(document, `config ${config.digest}`);
      checkLayerCount(manifest, parsed);
      ids = parsed.rootfs.diff_ids;
    });
    for (const [i, layer] of manifest.layers.entries()) {
      const diffId = ids[i];
      await checking(`${layer.digest} ${diffId}`, layer, () => verifyLayer(source, layer, diffId, run));
      if (isChunked(layer)) await checking(`contents ${layer.digest}`, layer, () => verifyContents(source, layer, run));
    }
  };

  const imageWithReferrers = async (source: Source, root: Descriptor): Promise<void> => {
    let asked = documents.length;
    await image(source, root);
    for (; asked < documents.length; asked++) {
      if (asked > MOST_DOCUMENTS) throw new ImageError('LIMIT', `${source.reference}: too many documents to verify`);
      const { digest } = documents[asked] as Descriptor;
      for (const referrer of await source.referrers(digest, run)) await image(source, referrer);
    }
  };

  return { image, imageWithReferrers, result: () => ({ blobs, bytes, problems }) };
}

/** The bytes as stored, and, of a layer that pare can read, the digest of what they hold. */
async function verifyLayer(source: Source, layer: Descriptor, diffId: DiffId | undefined, run: Run): Promise<void> {
  const stored = source.fetch(layer, run);
  const compression = diffId === undefined ? undefined : layerCompression(layer.mediaType);
  const bytes = compression === undefined ? stored : decompress(stored, compression, { signal: run.signal });
  const digester = new Digester(diffId === undefined ? 'sha256' : algorithmOf(diffId));
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    digester.update(piece);
  }
  const digest = digester.digest();
  if (compression === undefined || digest === diffId) return;
  throw new ImageError(
    'DIGEST_MISMATCH',
    `the layer ${layer.digest} uncompressed is ${digest}; its config says ${diffId}`,
  );
}
