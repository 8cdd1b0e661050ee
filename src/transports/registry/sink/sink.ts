/** `docker://HOST/NAME` as a sink: blobs and manifests go in under their digests, and a tag makes them an image. @module */
import { type Digest, Digester } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import { tapped } from '../../../base/stream.ts';
import { isForeignLayer } from '../../../formats/oci/media-types.ts';
import { NO_REFERRERS } from '../../../formats/oci/referrers.ts';
import type { Descriptor } from '../../../formats/oci/types.ts';
import type { RemoteReference } from '../../../formats/reference/parse.ts';
import type { Sink } from '../../../ports/content-store.ts';
import type { RegistryAccess } from '../../../ports/registry-access.ts';
import type { Run } from '../../../ports/run.ts';
import { verified } from '../../../ports/verified.ts';
import type { Place } from '../place.ts';
import { SpareBuffers } from './chunks.ts';
import { hasDocument, isDocumentType } from './documents.ts';
import { Manifests } from './manifests.ts';
import { hasBlob, openRepository } from './repository.ts';
import { CHUNK, uploadBlob } from './upload.ts';

/** Nothing is sent before it has to be. @throws ImageError DENIED where the configuration blocks the registry */
export async function openRegistrySink(reference: RemoteReference, access: RegistryAccess): Promise<Sink> {
  const place = await openRepository(reference, access);
  const manifests = new Manifests(place);
  const spare = new SpareBuffers(CHUNK);
  return {
    reference: reference.text,
    has: async (descriptor, run = {}) => {
      if (isDocumentType(descriptor.mediaType)) return hasDocument(place, descriptor, run);
      return isForeignLayer(descriptor) || hasBlob(place, descriptor, run);
    },
    push: async (descriptor, bytes, run = {}, origin) => {
      // What a source gives has been verified there, and the registry will verify it once more.
      const checked = origin === undefined ? verified(descriptor, bytes, 'what was to be sent') : bytes;
      if (isDocumentType(descriptor.mediaType)) return manifests.push(descriptor, checked, run);
      const upload = { bytes: checked, digest: () => descriptor.digest, expected: descriptor, spare };
      await uploadBlob(place, origin === undefined ? upload : { ...upload, origin }, run);
    },
    write: (mediaType, bytes, run = {}) => writeBlob(place, mediaType, bytes, spare, run),
    commit: async (root, { referrers = NO_REFERRERS } = {}, run = {}) => {
      await manifests.name(root, nameFor(reference, root.digest), run);
      await manifests.listReferrers(referrers, run);
    },
    [Symbol.asyncDispose]: () => place.client[Symbol.asyncDispose](),
  };
}

async function writeBlob(
  place: Place,
  mediaType: string,
  bytes: AsyncIterable<Uint8Array>,
  spare: SpareBuffers,
  run: Run,
): Promise<Descriptor> {
  const digester = new Digester();
  let digest: Digest | undefined;
  const whole = () => {
    digest ??= digester.digest();
    return digest;
  };
  await uploadBlob(place, { bytes: tapped(bytes, digester), digest: whole, spare }, run);
  return { mediaType, digest: whole(), size: digester.size };
}

/** The tag; without one, the digest that the reference and the image have in common. */
function nameFor({ named, text }: RemoteReference, digest: Digest): string {
  if (named.digest === undefined || named.digest === digest) return named.tag ?? digest;
  throw new ImageError('CONFLICT', `${text} names an image by its digest, and what was to be written is ${digest}`, {
    hint: 'write docker://HOST/NAME:TAG',
  });
}
