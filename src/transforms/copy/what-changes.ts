/** Whether a copy would give other digests, by what the documents say: no layer is read for it. @module */
import { ImageError } from '../../base/errors.ts';
import { formatOf } from '../../formats/oci/image-format.ts';
import { isForeignLayer, isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor, Index, Manifest } from '../../formats/oci/types.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';
import { type Change, isArtifact, isAttestation, isWanted } from './change.ts';
import { MAX_DEPTH } from './copier.ts';
import { isInForm } from './in-form.ts';

/** The first reason that is met; undefined: every digest stays. */
export async function whatChanges(
  source: Source,
  one: Descriptor,
  change: Change,
  run: Run,
  depth = 0,
): Promise<string | undefined> {
  const { form, format, platforms } = change;
  if (form === undefined && format === undefined && platforms === undefined) return undefined;
  if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${source.reference}: indexes are nested too deep`);
  const isIndex = isIndexType(one.mediaType);
  if (!isIndex && !isManifestType(one.mediaType)) return undefined;
  const bytes = await readDocument(source, one, run);
  const isOther = (format ?? formatOf(one.mediaType)) !== formatOf(one.mediaType);
  if (!isIndex) return ofManifest(parseManifest(bytes, one), one, change, isOther);
  if (isOther) return `the index ${one.digest} is not in the format ${format}`;
  const index = parseIndex(bytes, one);
  for (const entry of index.manifests) {
    if (isAttestation(entry)) continue;
    if (!isIndexType(entry.mediaType) && !isWanted(entry, change)) return leftOut(entry);
    const why = await whatChanges(source, entry, change, run, depth + 1);
    if (why !== undefined) return why;
  }
  return lostAttestation(index, change);
}

/** The manifests and indexes that are copied: the root, and what of an index is wanted. Each once. */
export async function wantedDocuments(
  source: Source,
  root: Descriptor,
  change: Change,
  run: Run,
  depth = 0,
): Promise<readonly Descriptor[]> {
  if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${source.reference}: indexes are nested too deep`);
  if (!isIndexType(root.mediaType)) return isManifestType(root.mediaType) ? [root] : [];
  const index = parseIndex(await readDocument(source, root, run), root);
  const found = [root];
  for (const entry of index.manifests) {
    const isPart = isIndexType(entry.mediaType) || isAttestation(entry) || isWanted(entry, change);
    if (isPart) found.push(...(await wantedDocuments(source, entry, change, run, depth + 1)));
  }
  return [...new Map(found.map((one) => [one.digest, one])).values()];
}

function ofManifest(
  manifest: Manifest,
  { digest }: Descriptor,
  { form, format }: Change,
  isOther: boolean,
): string | undefined {
  if (isArtifact(manifest) && format !== 'docker') return undefined;
  if (isOther) return `the manifest ${digest} is not in the format ${format}`;
  if (form === undefined) return undefined;
  const layer = manifest.layers.find((one) => !isForeignLayer(one) && !isInForm(one, form));
  return layer && `the layer ${layer.digest} would be compressed anew (${form})`;
}

function leftOut({ digest }: Descriptor): string {
  return `the manifest ${digest} would be left out of the index`;
}

/** All images stay: only Docker's format loses what is said of them. */
function lostAttestation({ manifests }: Index, { format }: Change): string | undefined {
  const found = format === 'docker' ? manifests.find(isAttestation) : undefined;
  return found && leftOut(found);
}
