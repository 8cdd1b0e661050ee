/** Layers of an archive: members that may be compressed, under names that may say their digest. @module */
import { asDiffId, type DiffId, type Digest, Digester, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { decompress } from '../../formats/compress/decompress.ts';
import { DETECTION_BYTES, detectCompression } from '../../formats/compress/detect.ts';
import { layerType } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import type { Run } from '../../ports/run.ts';
import type { Archive, Member } from '../../system/archive.ts';

export interface SavedLayer {
  readonly member: Member;
  readonly descriptor: Descriptor;
}

/** @throws ImageError INVALID where the archive has no such member */
export function memberOf(archive: Archive, name: string): Member {
  const member = archive.member(name);
  if (member !== undefined) return member;
  throw new ImageError('INVALID', `${archive.path} lacks its member ${printableName(name)}`, {
    hint: 'the archive is not whole: save it again',
  });
}

/**
 * What describes the layer. An uncompressed one has the digest that the config states; nothing of it is read here, since
 * whoever reads it verifies that.
 */
export async function describeLayer(archive: Archive, name: string, diffId: DiffId, run: Run): Promise<SavedLayer> {
  const member = memberOf(archive, name);
  const { blob, size } = member;
  const compression = detectCompression(await blob.read(0, Math.min(DETECTION_BYTES, size)));
  switch (compression) {
    case 'none':
      return { member, descriptor: { mediaType: layerType('none'), digest: diffId, size } };
    case 'gzip':
    case 'zstd': {
      const digest = statedDigest(name) ?? (await digestOfBlob(blob.stream(0, size), run));
      return { member, descriptor: { mediaType: layerType(compression), digest, size } };
    }
    default:
      throw new ImageError('UNSUPPORTED', `the layer ${printableName(name)} of ${archive.path} is ${compression} data`);
  }
}

/** Of an archive that states none: the digest of what the layer holds. */
export async function diffIdOf(archive: Archive, name: string, run: Run): Promise<DiffId> {
  const { blob, size } = memberOf(archive, name);
  const compression = detectCompression(await blob.read(0, Math.min(DETECTION_BYTES, size)));
  return asDiffId(await digestOfBlob(decompress(blob.stream(0, size), compression, { signal: run.signal }), run));
}

/** Newer archives keep layers as an OCI layout does, by digest. */
function statedDigest(name: string): Digest | undefined {
  const [, algorithm, encoded] = /^(?:\.\/)?blobs\/(\w+)\/([0-9a-f]+)$/.exec(name) ?? [];
  const digest = `${algorithm}:${encoded}`;
  return isDigest(digest) ? digest : undefined;
}

async function digestOfBlob(bytes: AsyncIterable<Uint8Array>, run: Run): Promise<Digest> {
  const digester = new Digester();
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    digester.update(piece);
  }
  return digester.digest();
}
