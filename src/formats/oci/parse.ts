/**
 * Strict reading of what describes images: manifests and indexes of the OCI image-spec 1.1 and of Docker's schema 2, and the
 * file `oci-layout`. A document that two programs could read as two different things is refused.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { type JsonObject, parseJson } from '../../base/json.ts';
import { isConfigType, isIndexType, isManifestType } from './media-types.ts';
import {
  type At,
  asDigest,
  asList,
  asMediaType,
  asObject,
  asSize,
  asString,
  asStringMap,
  child,
  compact,
  optional,
  wrong,
} from './shape.ts';
import type { Descriptor, Index, Manifest, Platform } from './types.ts';

/** Most bytes of a manifest or an index; what registries accept (distribution-spec, "Pushing Manifests"). */
export const MANIFEST_LIMIT = 4 * 1024 * 1024;

/** @throws ImageError INVALID, LIMIT, UNSUPPORTED */
export function parseManifest(bytes: Uint8Array, descriptor: Pick<Descriptor, 'mediaType' | 'digest'>): Manifest {
  const what = `manifest ${descriptor.digest}`;
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  const object = openDocument(at, descriptor.mediaType, isManifestType);
  // CVE-2021-41190: with fields of both kinds the media type alone decides what is run, and it can be lost or changed.
  refuseFields(at, object, 'a manifest', ['manifests', 'fsLayers', 'history']);
  const manifest = {
    ...object,
    schemaVersion: 2 as const,
    mediaType: optional(child(at, 'mediaType'), asMediaType),
    artifactType: optional(child(at, 'artifactType'), asMediaType),
    config: asDescriptor(child(at, 'config')),
    layers: layersOf(child(at, 'layers')),
    subject: optional(child(at, 'subject'), asDescriptor),
    annotations: optional(child(at, 'annotations'), asStringMap),
  };
  return compact(manifest) as Manifest;
}

/** BuildKit writes `null` for an image without layers; a manifest that does not speak of any is none. */
function layersOf(at: At): readonly Descriptor[] {
  return at.value === null ? [] : asList(at, asDescriptor);
}

/** @throws ImageError INVALID, LIMIT, UNSUPPORTED */
export function parseIndex(bytes: Uint8Array, descriptor: Pick<Descriptor, 'mediaType' | 'digest'>): Index {
  return readIndex(bytes, `index ${descriptor.digest}`, descriptor.mediaType);
}

/** `index.json` of a layout, whose digest nobody states. @param what its path, for messages */
export function parseIndexFile(bytes: Uint8Array, what: string): Index {
  return readIndex(bytes, what, undefined);
}

function readIndex(bytes: Uint8Array, what: string, mediaType: string | undefined): Index {
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  const object = openDocument(at, mediaType, isIndexType);
  refuseFields(at, object, 'an index', ['config', 'layers', 'fsLayers', 'history']);
  const index = {
    ...object,
    schemaVersion: 2 as const,
    mediaType: optional(child(at, 'mediaType'), asMediaType),
    artifactType: optional(child(at, 'artifactType'), asMediaType),
    // Docker writes null for an archive that holds no image by digest.
    manifests: optional(child(at, 'manifests'), (list) => asList(list, asDescriptor)) ?? missing(at, object),
    subject: optional(child(at, 'subject'), asDescriptor),
    annotations: optional(child(at, 'annotations'), asStringMap),
  };
  return compact(index) as Index;
}

function missing(at: At, object: JsonObject): Descriptor[] {
  if (object['manifests'] === null) return [];
  throw wrong(child(at, 'manifests'), 'a list');
}

/** `oci-layout`. @throws ImageError INVALID; UNSUPPORTED for another version */
export function checkLayoutFile(bytes: Uint8Array, what: string): void {
  const version = asString(child({ what, field: '', value: parseJson(bytes, what, 4096) }, 'imageLayoutVersion'));
  if (/^1\.\d+\.\d+$/.test(version)) return;
  throw new ImageError(
    'UNSUPPORTED',
    `${what} says version "${version.slice(0, 40)}" of the OCI layout; pare reads 1.x`,
  );
}

/** What manifest and index have in common: the version, the media type in agreement with what the parent said. */
function openDocument(at: At, expected: string | undefined, fits: (mediaType: string) => boolean): JsonObject {
  const object = asObject(at);
  const { schemaVersion, mediaType } = object;
  if (schemaVersion === 1 || (typeof mediaType === 'string' && /manifest\.v1\+/.test(mediaType) && !fits(mediaType))) {
    throw new ImageError('UNSUPPORTED', `${at.what} is of Docker's schema 1, which was given up in 2019`, {
      hint: 'pull and push it again with a current docker, or convert it: skopeo copy --format oci',
    });
  }
  if (schemaVersion !== 2) throw wrong(child(at, 'schemaVersion'), '2');
  if (mediaType !== undefined && mediaType !== null) {
    const given = asMediaType(child(at, 'mediaType'));
    if (!fits(given) || (expected !== undefined && given !== expected)) {
      throw wrong(child(at, 'mediaType'), expected ?? 'that of such a document');
    }
  }
  return object;
}

/** Go's decoder takes a key in any case, so a key that differs in case only is as ambiguous as the key itself. */
function refuseFields(at: At, object: JsonObject, kind: string, foreign: readonly string[]): void {
  for (const key of Object.keys(object)) {
    const known = KNOWN_FIELDS.get(key.toLowerCase());
    if (known === undefined) continue;
    if (known !== key) {
      throw new ImageError(
        'INVALID',
        `${at.what} is ambiguous: it has a field "${key}", which some read as "${known}"`,
      );
    }
    if (foreign.includes(known)) {
      throw new ImageError('INVALID', `${at.what} is ambiguous: ${kind} cannot have the field "${known}"`, {
        hint: 'such a document is one image to one program and another image to the next (CVE-2021-41190)',
      });
    }
  }
}

const KNOWN_FIELDS: ReadonlyMap<string, string> = new Map(
  [
    'schemaVersion',
    'mediaType',
    'artifactType',
    'config',
    'layers',
    'manifests',
    'subject',
    'annotations',
    'fsLayers',
    'history',
  ].map((name) => [name.toLowerCase(), name]),
);

/** image-spec descriptor.md */
export function asDescriptor(at: At): Descriptor {
  const object = asObject(at);
  const descriptor = {
    ...object,
    mediaType: asMediaType(child(at, 'mediaType')),
    digest: asDigest(child(at, 'digest')),
    size: asSize(child(at, 'size')),
    urls: optional(child(at, 'urls'), (urls) => asList(urls, asString)),
    annotations: optional(child(at, 'annotations'), asStringMap),
    artifactType: optional(child(at, 'artifactType'), asMediaType),
    data: optional(child(at, 'data'), asString),
    platform: optional(child(at, 'platform'), asPlatform),
  };
  const isDocument = isManifestType(descriptor.mediaType) || isIndexType(descriptor.mediaType);
  if ((isDocument || isConfigType(descriptor.mediaType)) && descriptor.size > MANIFEST_LIMIT) {
    throw new ImageError('LIMIT', `${at.what}: ${at.field} is said to have ${descriptor.size} bytes`, {
      hint: `manifests, indexes and configs of more than ${MANIFEST_LIMIT} bytes are not read`,
    });
  }
  return compact(descriptor) as Descriptor;
}

export function asPlatform(at: At): Platform {
  const object = asObject(at);
  const platform = {
    ...object,
    architecture: asString(child(at, 'architecture')),
    os: asString(child(at, 'os')),
    'os.version': optional(child(at, 'os.version'), asString),
    'os.features': optional(child(at, 'os.features'), (list) => asList(list, asString)),
    variant: optional(child(at, 'variant'), asString),
  };
  return compact(platform) as Platform;
}
