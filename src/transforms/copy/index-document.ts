/** The index that a copy makes of another, where entries became others or are left out. @module */
import { digestOf } from '../../base/digest.ts';
import { canonicalJson } from '../../base/json.ts';
import { formatOf, type ImageFormat } from '../../formats/oci/image-format.ts';
import { DOCKER_INDEX, OCI_INDEX } from '../../formats/oci/media-types.ts';
import type { Descriptor, Index } from '../../formats/oci/types.ts';
import type { Change } from './change.ts';

export type IndexOutcome =
  | { readonly kind: 'same' }
  /** No entry is left of an index that had some. */
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'new';
      readonly descriptor: Descriptor;
      readonly bytes: Uint8Array;
      /** What the format has no place for, as warnings. */
      readonly lost: readonly string[];
    };

/** @param entries of the new index */
export function indexOf(
  one: Descriptor,
  index: Index,
  entries: readonly Descriptor[],
  { format }: Change,
): IndexOutcome {
  const before = formatOf(one.mediaType);
  const isSame = entries.length === index.manifests.length && entries.every((entry, i) => entry === index.manifests[i]);
  if (isSame && (format ?? before) === before) return { kind: 'same' };
  if (entries.length === 0 && index.manifests.length > 0) return { kind: 'empty' };
  const isDocker = before === 'docker' && entries.every(({ mediaType }) => formatOf(mediaType) === 'docker');
  const made = documentIn(format ?? (isDocker ? 'docker' : 'oci'), index, entries);
  const bytes = canonicalJson(made.document);
  const { mediaType } = made.document;
  const descriptor: Descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  return { kind: 'new', descriptor, bytes, lost: made.lost };
}

function documentIn(
  format: ImageFormat,
  { subject: _, ...index }: Index,
  entries: readonly Descriptor[],
): { readonly document: Index & { readonly mediaType: string }; readonly lost: readonly string[] } {
  switch (format) {
    case 'oci':
      return { document: { ...index, mediaType: OCI_INDEX, manifests: entries }, lost: [] };
    case 'docker': {
      const isAnnotated = [index, ...entries].some(({ annotations }) => annotations !== undefined);
      return {
        document: { schemaVersion: 2, mediaType: DOCKER_INDEX, manifests: entries.map(dockerEntry) },
        lost: isAnnotated ? ["Docker's format has no annotations: those of the index are left out"] : [],
      };
    }
  }
}

function dockerEntry({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
}

/** The entry itself where nothing has changed; else it goes on saying what it said of the image. */
export function entryFor(entry: Descriptor, copied: Descriptor): Descriptor {
  if (copied.digest === entry.digest) return entry;
  const { data: _, ...rest } = entry;
  const { mediaType, digest, size } = copied;
  return { ...rest, mediaType, digest, size };
}
