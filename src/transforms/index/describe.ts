/** What stands in an index of an image: how its entry describes it. @module */
import { parseConfig } from '../../formats/oci/config.ts';
import { isConfigType, isIndexType, isManifestType } from '../../formats/oci/media-types.ts';
import { parseIndex, parseManifest } from '../../formats/oci/parse.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { normalPlatform } from '../../model/platform.ts';
import type { Source } from '../../ports/content-store.ts';
import { platformIn } from '../../ports/new-image.ts';
import type { Run } from '../../ports/run.ts';
import { readDocument } from '../../ports/verified.ts';

/**
 * The entries that a manifest or an index gives: one, with the platform that its config states or the type of an artifact; or
 * those of the index, attestations included, each with its platform where it does not say.
 * @throws ImageError INVALID, DIGEST_MISMATCH …
 */
export async function entriesOf(source: Source, root: Descriptor, run: Run = {}): Promise<readonly Descriptor[]> {
  if (!isIndexType(root.mediaType)) return [await described(source, root, run)];
  const { manifests } = parseIndex(await readDocument(source, root, run), root);
  const entries: Descriptor[] = [];
  for (const entry of manifests)
    entries.push(entry.platform === undefined ? await described(source, entry, run) : entry);
  return entries;
}

async function described(source: Source, entry: Descriptor, run: Run): Promise<Descriptor> {
  if (!isManifestType(entry.mediaType)) return entry;
  const manifest = parseManifest(await readDocument(source, entry, run), entry);
  if (!isConfigType(manifest.config.mediaType)) {
    return { ...entry, artifactType: entry.artifactType ?? manifest.artifactType ?? manifest.config.mediaType };
  }
  const config = parseConfig(await readDocument(source, manifest.config, run), `config ${manifest.config.digest}`);
  return { ...entry, platform: normalPlatform(platformIn(config)) };
}
