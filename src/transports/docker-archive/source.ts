/**
 * `docker-archive:FILE[:NAME]` as a source: what `docker save` writes, in all its forms, read where it lies. Most hold no
 * manifest as registries know them: then one is made, always the same for the same image.
 * @module
 */

import { present } from '../../base/assert.ts';
import { type DiffId, type Digest, digestOf, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/json.ts';
import { pieces } from '../../base/stream.ts';
import { parseConfig } from '../../formats/oci/config.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../formats/oci/media-types.ts';
import { MANIFEST_LIMIT } from '../../formats/oci/parse.ts';
import type { Descriptor, Manifest } from '../../formats/oci/types.ts';
import type { DockerArchiveReference } from '../../formats/reference/parse.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { verified } from '../../ports/verified.ts';
import { type Archive, type Member, openArchive, readMember } from '../../system/archive.ts';
import { describeLayer, memberOf, type SavedLayer } from './layers.ts';
import { readLegacy } from './legacy.ts';
import { chooseSaved, parseManifestFile, parseRepositories } from './manifest-file.ts';
import { blobMember, findStoredManifest, type StoredManifest } from './stored-manifest.ts';

/** @throws ImageError NOT_FOUND, USAGE where several images are there and none is named, INVALID */
export async function openDockerArchiveSource(reference: DockerArchiveReference, run: Run = {}): Promise<Source> {
  return savedImageIn(await openArchive(reference.path, run), reference, run);
}

/** Which image of an archive is meant. */
export type SavedPick = Pick<DockerArchiveReference, 'text' | 'named' | 'index'>;

/** The image in an archive that is open; the source closes it, also where there is none. @throws ImageError as above */
export async function savedImageIn(opened: Archive, pick: SavedPick, run: Run = {}): Promise<Source> {
  await using stack = new AsyncDisposableStack();
  const archive = stack.use(opened);
  const image = blobsOf(archive, await readSaved(archive, pick, run));
  const { root, blobs } = image;
  const open = stack.move();
  return {
    reference: pick.text,
    ...(image.synthesized ? { synthesized: true } : {}),
    resolve: async () => root,
    fetch: (descriptor) => {
      const blob = blobs.get(descriptor.digest);
      if (blob === undefined) {
        throw new ImageError('NOT_FOUND', `${archive.path} lacks the blob ${descriptor.digest}`);
      }
      const bytes = blob instanceof Uint8Array ? pieces(blob) : blob.blob.stream(0, blob.size);
      return verified(descriptor, bytes, archive.path);
    },
    blob: async ({ digest }) => {
      const found = blobs.get(digest);
      return archive.inPlace && !(found instanceof Uint8Array) ? found?.blob : undefined;
    },
    referrers: async () => [],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface SavedBlobs {
  readonly root: Descriptor;
  readonly synthesized: boolean;
  readonly blobs: ReadonlyMap<Digest, Uint8Array | Member>;
}

/** What the image's manifest speaks of: its own where the archive has it, else the one that is always made of it. */
function blobsOf(archive: Archive, { config, layers, stored }: Saved): SavedBlobs {
  const blobs = new Map<Digest, Uint8Array | Member>();
  const keep = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const configDescriptor = keep(OCI_CONFIG, config);
  if (stored !== undefined) {
    blobs.set(stored.descriptor.digest, stored.bytes);
    for (const { digest } of stored.manifest.layers) blobs.set(digest, present(blobMember(archive, digest), 'layer'));
    return { root: stored.descriptor, synthesized: false, blobs };
  }
  for (const { descriptor, member } of layers) blobs.set(descriptor.digest, member);
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configDescriptor,
    layers: layers.map((layer) => layer.descriptor),
  };
  return { root: keep(OCI_MANIFEST, canonicalJson(manifest)), synthesized: true, blobs };
}

interface Saved {
  /** Exact bytes. */
  readonly config: Uint8Array;
  readonly layers: readonly SavedLayer[];
  readonly stored: StoredManifest | undefined;
}

async function readSaved(archive: Archive, pick: SavedPick, run: Run): Promise<Saved> {
  const file = archive.member('manifest.json');
  if (file !== undefined)
    return readCurrent(archive, pick, await readMember(file, MANIFEST_LIMIT, 'manifest.json'), run);
  const repositories = archive.member('repositories');
  if (repositories === undefined) {
    throw new ImageError('NOT_FOUND', `${archive.path} is no archive of docker save: it has no manifest.json`, {
      hint:
        archive.member('index.json') === undefined
          ? 'if it is the tar of a root filesystem, write tar:FILE'
          : 'it looks like an OCI layout in a tar: write oci-archive:FILE',
    });
  }
  const tops = [...parseRepositories(await readMember(repositories, MANIFEST_LIMIT, 'repositories'), 'repositories')];
  const byImage = [...Map.groupBy(tops, ([, top]) => top)];
  const [top] = chooseSaved(byImage, ([, names]) => names.map(([name]) => name), pick, archive.path);
  const { config, layers, diffIds } = await readLegacy(archive, top, run);
  return { config, layers: await describeLayers(archive, layers, diffIds, run), stored: undefined };
}

async function readCurrent(archive: Archive, pick: SavedPick, manifestFile: Uint8Array, run: Run): Promise<Saved> {
  const entries = parseManifestFile(manifestFile, `manifest.json in ${archive.path}`);
  const entry = chooseSaved(entries, (one) => one.names, pick, archive.path);
  const config = await readMember(memberOf(archive, entry.config), MANIFEST_LIMIT, entry.config);
  checkConfigName(archive, entry.config, config);
  const ids = parseConfig(config, `${entry.config} in ${archive.path}`).rootfs.diff_ids;
  if (ids.length !== entry.layers.length) {
    throw new ImageError('INVALID', `${archive.path} has ${entry.layers.length} layers for an image of ${ids.length}`);
  }
  const stored = await findStoredManifest(archive, digestOf(config));
  const layers = stored === undefined ? await describeLayers(archive, entry.layers, ids, run) : [];
  return { config, layers, stored };
}

/** The member is named by its digest: where it is not what the name says, the archive is damaged. */
function checkConfigName(archive: Archive, name: string, config: Uint8Array): void {
  const stated = `sha256:${/([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1]}`;
  if (!isDigest(stated) || digestOf(config) === stated) return;
  throw new ImageError(
    'DIGEST_MISMATCH',
    `${name} in ${archive.path} is damaged: it has the digest ${digestOf(config)}`,
    {
      hint: 'save the image again',
    },
  );
}

async function describeLayers(
  archive: Archive,
  names: readonly string[],
  ids: readonly DiffId[],
  run: Run,
): Promise<SavedLayer[]> {
  const layers: SavedLayer[] = [];
  for (const [i, name] of names.entries()) layers.push(await describeLayer(archive, name, ids[i] as DiffId, run));
  return layers;
}
