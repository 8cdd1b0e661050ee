/** What a copy is asked to make another. Nothing of it: every byte stays. @module */
import type { LayerForm } from '../../formats/layer/form.ts';
import type { ImageFormat } from '../../formats/oci/image-format.ts';
import { isConfigType, layerCompression } from '../../formats/oci/media-types.ts';
import type { Descriptor, Manifest, Platform } from '../../formats/oci/types.ts';
import { samePlatform } from '../../model/platform.ts';

export interface Change {
  /** How layers are to be stored. */
  readonly form?: LayerForm | undefined;
  /** Whose documents are to be written; default as they are, the OCI's where they have to be made anew. */
  readonly format?: ImageFormat | undefined;
  /** Of an index: those of these platforms only, with their attestations. */
  readonly platforms?: readonly Platform[] | undefined;
}

export const NO_CHANGE: Change = {};

/** BuildKit's attestations (docs/attestations/attestation-storage.md): beside the image, of which they give the digest. */
export const ATTESTED = 'vnd.docker.reference.digest';

export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

/** Something else than an image in the form of one: a chart, a signature, an attestation. */
export function isArtifact({ artifactType, config, layers }: Manifest): boolean {
  if (!isConfigType(config.mediaType)) return true;
  const isNoLayer = layers.every(({ mediaType }) => layerCompression(mediaType) === undefined);
  return layers.length === 0 ? artifactType !== undefined : isNoLayer;
}

/** Whether an entry of an index is of a platform that is wanted; of an index in it, and of attestations, others decide. */
export function isWanted({ platform }: Descriptor, { platforms }: Change): boolean {
  if (platforms === undefined) return true;
  return platform !== undefined && platforms.some((one) => samePlatform(one, platform));
}
