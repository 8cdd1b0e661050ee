/** What the store keeps for builds and looks to come: what steps came to, downloads, layers, uncompressed and compressed. @module */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type Digest, encodedOf, shortDigest } from '../base/digest.ts';
import type { Kept } from '../ports/kept.ts';
import { diskUsage } from '../system/disk-usage.ts';
import { blobPath, readIndex } from '../system/layout-directory.ts';
import { neededBlobs, neededLayers } from '../system/layout-reach.ts';
import { buildCacheDir, memoBlobs, memoSteps, rememberedLayers } from './build-memo.ts';
import { type CachedLayer, layerPath, layersIn, removeLayer } from './cache-files.ts';
import { cacheDir } from './directory.ts';
import { liveLeases, type StoreSession } from './session.ts';

/** @param session of the store, where there is one */
export async function keptInStore(dir: string, session: StoreSession | undefined): Promise<readonly Kept[]> {
  const layers = layersIn(cacheDir(dir));
  const blobs = session === undefined ? [] : await keptBlobs(dir, session);
  const used = new Set(layers.flatMap(({ digest, inUse }) => (inUse ? digest : [])));
  const images = session === undefined ? new Set<Digest>() : neededLayers(dir, readIndex(dir));
  return [
    ...keptSteps(dir, used),
    ...keptDigests(dir),
    ...keptDownloads(dir),
    ...keptLayers(dir, layers, images),
    ...blobs,
  ];
}

function keptSteps(dir: string, used: ReadonlySet<Digest>): readonly Kept[] {
  const build = buildCacheDir(dir);
  const stored = new Map(memoBlobs(build).map(({ path, blob }) => [basename(path), blob]));
  const steps = memoSteps(build).map(({ path, diffId }): Kept => {
    const blob = diffId && stored.get(encodedOf(diffId));
    const isHere =
      diffId === undefined ||
      existsSync(layerPath(cacheDir(dir), diffId)) ||
      (blob !== undefined && existsSync(blobPath(dir, blob.digest)));
    const description =
      diffId === undefined ? 'a step that changed nothing' : `a step that made the layer ${shortDigest(diffId)}`;
    return keptFile('step', path, { description, inUse: diffId !== undefined && used.has(diffId), stale: !isHere });
  });
  const notes = memoBlobs(build).map(({ path }) =>
    keptFile('step', path, { description: `as what the layer ${basename(path).slice(0, 12)} was compressed` }),
  );
  return [...steps, ...notes];
}

/** One directory for each context. */
function keptDigests(dir: string): readonly Kept[] {
  return pathsIn(`${buildCacheDir(dir)}/digests`).map((path) =>
    keptFile('step', path, { description: 'digests of files of a context' }),
  );
}

/** Whoever reads one goes on reading it. */
function keptDownloads(dir: string): readonly Kept[] {
  const downloads = `${buildCacheDir(dir)}/downloads`;
  const files = pathsIn(`${downloads}/files`).map((path) => keptFile('download', path, { description: 'a file' }));
  const notes = pathsIn(`${downloads}/notes`).map((path) =>
    keptFile('download', path, { description: 'what a server said of a file' }),
  );
  return [...files, ...notes];
}

function keptLayers(dir: string, layers: readonly CachedLayer[], images: ReadonlySet<Digest>): readonly Kept[] {
  const remembered = rememberedLayers(buildCacheDir(dir));
  return layers.map((layer): Kept => {
    const { digest, paths, tar, inUse } = layer;
    const isWanted = images.has(digest) || remembered.has(digest);
    const whose = images.has(digest)
      ? 'of an image'
      : remembered.has(digest)
        ? 'made by a step'
        : 'of an image elsewhere';
    return {
      kind: 'layer',
      id: encodedOf(digest).slice(0, 12),
      description: tar === undefined ? 'list of a layer that lies elsewhere' : `layer ${whose}`,
      bytes: paths.reduce((sum, path) => sum + diskUsage(path), 0),
      used: Math.max(...paths.map(timeOf)),
      inUse,
      stale: tar !== undefined && !isWanted,
      remove: async () => removeLayer(layer),
    };
  });
}

/** Of the blobs of the store those that builds have made; what an image needs is in use. */
async function keptBlobs(dir: string, session: StoreSession): Promise<readonly Kept[]> {
  const needed = await neededNow(session);
  const blobs = memoBlobs(buildCacheDir(dir)).flatMap(({ blob }) => blob ?? []);
  const there = new Map(blobs.map(({ digest }) => [digest, blobPath(dir, digest)]));
  return [...there]
    .filter(([, path]) => existsSync(path))
    .map(([digest, path]): Kept => {
      const inUse = needed.has(digest);
      return {
        ...keptFile('blob', path, {
          description: inUse ? 'compressed layer of an image' : 'compressed layer',
          inUse,
          stale: !inUse,
        }),
        remove: async () => {
          const isNeeded = await session.exclusively(async () => {
            const still = neededIn(dir).has(digest);
            if (!still) rmSync(path, { force: true });
            return still;
          });
          return !isNeeded;
        },
      };
    });
}

const neededNow = (session: StoreSession) => session.exclusively(async () => neededIn(session.dir));

const neededIn = (dir: string): ReadonlySet<Digest> => neededBlobs(dir, readIndex(dir), liveLeases(dir));

function keptFile(
  kind: Kept['kind'],
  path: string,
  { description, inUse = false, stale = false }: Pick<Kept, 'description'> & Partial<Pick<Kept, 'inUse' | 'stale'>>,
): Kept {
  return {
    kind,
    id: basename(path).slice(0, 12),
    description,
    bytes: diskUsage(path),
    used: timeOf(path),
    inUse,
    stale,
    remove: async () => {
      rmSync(path, { recursive: true, force: true });
      return true;
    },
  };
}

function pathsIn(dir: string): readonly string[] {
  return existsSync(dir)
    ? readdirSync(dir)
        .filter(isName)
        .map((name) => `${dir}/${name}`)
    : [];
}

/** Files that are being written have other names. */
const isName = (name: string): boolean => /^[0-9a-f]+$/.test(name);

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
