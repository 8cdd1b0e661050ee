/** A manifest in the OCI's words or in Docker's. The config's bytes are the same in both. @module */
import { ImageError } from '../../base/errors.ts';
import { type LayerForm, partsOf } from '../../formats/layer/form.ts';
import { type ImageFormat, typeIn } from '../../formats/oci/image-format.ts';
import { DOCKER_MANIFEST, isForeignLayer, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import { isArtifact } from './change.ts';

export interface ManifestDocument {
  readonly document: Manifest & { readonly mediaType: string };
  /** What the format has no place for, as warnings. */
  readonly lost: readonly string[];
}

/**
 * Before any layer is read.
 * @param form how layers will be stored; those of no other form stay as they are
 * @throws ImageError UNSUPPORTED for what Docker's format cannot say
 */
export function checkDocuments(
  manifest: Manifest,
  { digest }: Descriptor,
  format: ImageFormat,
  form: LayerForm | undefined,
): void {
  if (format === 'oci') return;
  if (isArtifact(manifest) || manifest.artifactType !== undefined) {
    const type = manifest.artifactType ?? manifest.config.mediaType;
    throw new ImageError('UNSUPPORTED', `${digest} is an artifact (${type}), and Docker's format is for images only`, {
      hint: 'leave out --format; of an index, choose images with --platform',
    });
  }
  for (const layer of manifest.layers) {
    const stored = form === undefined || isForeignLayer(layer) ? layer.mediaType : partsOf(form).mediaType;
    inDocker(layer.digest, stored);
  }
}

function inDocker(digest: string, mediaType: string): string {
  const type = typeIn('docker', mediaType);
  if (type !== undefined) return type;
  throw new ImageError('UNSUPPORTED', `Docker's format has no layers of the type ${mediaType} (${digest})`, {
    hint: mediaType.endsWith('zstd')
      ? 'add --compression gzip; or leave out --format docker: registries and Docker take OCI manifests'
      : 'leave out --format docker: registries and Docker take OCI manifests',
  });
}

/** The subject is left out: what refers to something refers to it with the bytes that it has. */
export function manifestIn(format: ImageFormat, { subject: _, ...manifest }: Manifest): ManifestDocument {
  const { config, layers } = manifest;
  switch (format) {
    case 'oci': {
      const renamed = (one: Descriptor) => ({ ...one, mediaType: typeIn('oci', one.mediaType) ?? one.mediaType });
      const parts = { config: renamed(config), layers: layers.map(renamed) };
      return { document: { ...manifest, mediaType: OCI_MANIFEST, ...parts }, lost: [] };
    }
    case 'docker': {
      const isAnnotated = [manifest, config, ...layers].some(({ annotations }) => annotations !== undefined);
      return {
        document: {
          schemaVersion: 2,
          mediaType: DOCKER_MANIFEST,
          config: plain(config),
          layers: layers.map(plain),
        },
        lost: isAnnotated ? ["Docker's format has no annotations: they are left out"] : [],
      };
    }
  }
}

/** What schema 2 has of a descriptor. */
function plain({ mediaType, digest, size, urls }: Descriptor): Descriptor {
  return { mediaType: inDocker(digest, mediaType), digest, size, ...(urls === undefined ? {} : { urls }) };
}
