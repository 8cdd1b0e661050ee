/**
 * The two families of documents that describe images: the OCI's (image-spec 1.1) and Docker's ("Image Manifest Version 2,
 * Schema 2"). They have the same shape; what differs is the names of media types, and that Docker's know no annotations.
 * @module
 */
import {
  DOCKER_CONFIG,
  DOCKER_INDEX,
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  DOCKER_LAYER_ZSTD,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from './media-types.ts';

export type ImageFormat = 'oci' | 'docker';

/** image-spec media-types.md, "Compatibility Matrix". */
const PAIRS: readonly (readonly [oci: string, docker: string])[] = [
  [OCI_INDEX, DOCKER_INDEX],
  [OCI_MANIFEST, DOCKER_MANIFEST],
  [OCI_CONFIG, DOCKER_CONFIG],
  [OCI_LAYER, DOCKER_LAYER],
  [OCI_LAYER_GZIP, DOCKER_LAYER_GZIP],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'application/vnd.docker.image.rootfs.foreign.diff.tar'],
  [
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
  ],
];

const TO_OCI: ReadonlyMap<string, string> = new Map([
  ...PAIRS.map(([oci, docker]) => [docker, oci] as const),
  // Met in the wild, and in no specification of Docker's: so there is no way back.
  [DOCKER_LAYER_ZSTD, OCI_LAYER_ZSTD],
]);
const TO_DOCKER: ReadonlyMap<string, string> = new Map(PAIRS);

/** Of a manifest or an index. */
export function formatOf(mediaType: string): ImageFormat {
  return mediaType === DOCKER_MANIFEST || mediaType === DOCKER_INDEX ? 'docker' : 'oci';
}

/** What the format calls such content; the OCI's takes any type. Undefined: Docker's has no such thing. */
export function typeIn(format: ImageFormat, mediaType: string): string | undefined {
  if (format === 'oci') return TO_OCI.get(mediaType) ?? mediaType;
  return TO_OCI.has(mediaType) ? mediaType : TO_DOCKER.get(mediaType);
}
