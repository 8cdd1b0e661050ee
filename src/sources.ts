/**
 * What can be read, by the form of its reference: the one place that knows every transport's reading side.
 * @module
 */
import { assertNever } from './base/assert.ts';
import type { Digest } from './base/digest.ts';
import { ImageError } from './base/errors.ts';
import type { Descriptor, Platform } from './formats/oci/types.ts';
import {
  parseReference,
  type Reference,
  type RemoteReference,
  type RootReference,
  type StoreReference,
} from './formats/reference/parse.ts';
import type { Image } from './model/image.ts';
import { EMPTY_TREE } from './model/tree.ts';
import type { Source } from './ports/content-store.ts';
import type { RegistryAccess } from './ports/registry-access.ts';
import type { Root } from './ports/root.ts';
import { rootPlatform } from './ports/root-platform.ts';
import type { Run } from './ports/run.ts';
import { treeFiles } from './ports/tree-files.ts';
import { registryAccess } from './registries.ts';
import { manifestAtHand, storedFirst } from './store/at-hand.ts';
import { cacheDir, storeDirectory } from './store/directory.ts';
import { openLayerCache } from './store/layer-cache.ts';
import { openStore } from './store/session.ts';
import { notInStore, openStoreSource } from './store/source.ts';
import { machinePlatform } from './system/machine.ts';
import { statsAt } from './system/stats.ts';
import { loadImage } from './transforms/load/load.ts';
import { resolvePlatform } from './transforms/load/platform.ts';
import { assembled } from './transforms/pieces/source.ts';
import { openDockerArchiveSource, savedImageIn } from './transports/docker-archive/source.ts';
import { saveFromDaemon } from './transports/docker-daemon/save.ts';
import { openOciArchiveSource } from './transports/oci-archive/source.ts';
import { openLayoutSource } from './transports/oci-layout/source.ts';
import { openRootDirectory } from './transports/rootfs/source.ts';
import { openTarRoot } from './transports/tar/source.ts';

/** What opening needs of the world: handed in, so that tests and the library's users decide. */
export interface Access {
  /** Where the store is: $PARE_HOME, $XDG_DATA_HOME, $HOME. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run?: Run;
  /** Which image of an index of several platforms; default the one that fits the machine. */
  readonly platform?: Platform;
  /** Plain HTTP or unverified TLS for every registry. */
  readonly insecure?: boolean;
  /** How registries are reached; default by the user's configuration files and the environment. */
  readonly registries?: RegistryAccess;
}

/** An image, open for reading. */
export interface OpenImage extends AsyncDisposable {
  /** Of the manifest; of the index it was chosen from where there was one. */
  readonly descriptor: Descriptor;
  readonly index: Descriptor | undefined;
  readonly image: Image;
  /** For what refers to the image, and for copying its layers as they are. */
  readonly source: Source;
}

/**
 * Opens an image's blobs; the caller disposes of it.
 * @throws ImageError USAGE for a reference to a root filesystem; NOT_FOUND, UNSUPPORTED …
 */
export async function openSource(reference: string | Reference, access: Access): Promise<Source> {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  switch (parsed.kind) {
    case 'store':
      return openFromStore(parsed, access);
    case 'oci':
      return assembled(await openLayoutSource(parsed));
    case 'oci-archive':
      return openOciArchiveSource(parsed, access.run);
    case 'docker-archive':
      return openDockerArchiveSource(parsed, access.run);
    case 'docker':
      return openFromRegistry(parsed, access);
    case 'docker-daemon': {
      const archive = await saveFromDaemon(parsed, access.env, access.run);
      return savedImageIn(archive, { text: parsed.text, named: undefined, index: undefined }, access.run);
    }
    case 'rootfs':
    case 'tar':
    case 'host':
    case 'scratch':
      throw new ImageError('USAGE', `${parsed.text} is a root filesystem, and an image is wanted here`, {
        hint: `make an image of it first: pare copy ${parsed.text} NAME`,
      });
    default:
      return assertNever(parsed);
  }
}

/** A name that the store does not have is looked for in its registry. */
async function openFromStore(reference: StoreReference, access: Access): Promise<Source> {
  const { env, run } = access;
  const { named, text } = reference;
  const dir = storeDirectory(env);
  const stored = await openStored(dir, reference, run);
  if (stored !== undefined) return stored;
  if (named === undefined) throw notInStore(dir, reference);
  refuseArchive(text);
  const source = await openFromRegistry({ kind: 'docker', text, named }, access);
  const resolve: Source['resolve'] = async (run) => {
    try {
      return await source.resolve(run);
    } catch (error) {
      throw inNeither(error, text);
    }
  };
  return { ...source, resolve };
}

async function openStored(dir: string, reference: StoreReference, run?: Run): Promise<Source | undefined> {
  await using stack = new AsyncDisposableStack();
  const session = await openStore(dir, { create: false }, run);
  if (session === undefined) return undefined;
  stack.use(session);
  const source = await openStoreSource(session, reference, run);
  if (source === undefined) return undefined;
  const opened = stack.move();
  return { ...source, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** The HTTP client is loaded only where there is something to be asked of a registry. */
async function openFromRegistry({ named, text }: RemoteReference, access: Access): Promise<Source> {
  const { openRegistrySource } = await import('./transports/registry/source.ts');
  const dir = storeDirectory(access.env);
  const known = async (digest: Digest) => manifestAtHand(dir, digest);
  const registries = access.registries ?? registryAccess(access);
  return storedFirst(assembled(await openRegistrySource(named, registries, { text, known })), dir);
}

/** The name of a file that is here, and an archive by its ending: no registry has an image of that name. */
function refuseArchive(text: string): void {
  if (!/\.(?:tar|t[gx]z|tzst|tbz2?|tar\.\w+)$/.test(text)) return;
  const here = hereAs(text);
  if (here === undefined) return;
  throw new ImageError('NOT_FOUND', `the store has no image ${text}`, { hint: here });
}

/** What a name could be meant to say, where a file or directory of that name is here. @throws ImageError where that cannot be told */
function hereAs(text: string): string | undefined {
  const stats = statsAt(text, `${text} may be meant as a file, and it cannot be told whether there is one`);
  if (stats?.isDirectory()) return `there is a directory ${text} here: write rootfs:${text} or oci:${text}`;
  if (stats === undefined) return undefined;
  return `there is a file ${text} here: write tar:${text}, docker-archive:${text} or oci-archive:${text}`;
}

/** What cannot be looked at is nothing to advise, and no reason to say less of what has failed. */
function hintOfHere(text: string): string | undefined {
  try {
    return hereAs(text);
  } catch (error) {
    if (error instanceof ImageError) return error.message;
    throw error;
  }
}

function inNeither(error: unknown, text: string): unknown {
  if (!(error instanceof ImageError)) return error;
  const inStore = hintOfHere(text) ?? '"pare images" lists what the store has';
  return new ImageError(error.code, `the store has no image ${text}, and its registry gives none: ${error.message}`, {
    cause: error,
    hint: error.hint === undefined ? inStore : `${inStore}; of the registry: ${error.hint}`,
  });
}

/** Opens an image of one platform as a value; the caller disposes of it, and not before its contents have been read. */
export async function openImage(reference: string | Reference, access: Access): Promise<OpenImage> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await openSource(reference, access));
  const cache = stack.use(openLayerCache(cacheDir(storeDirectory(access.env))));
  const root = await source.resolve(access.run);
  const choice = { wanted: access.platform, machine: machinePlatform() };
  const descriptor = await resolvePlatform(source, root, choice, access.run);
  const image = await loadImage(source, descriptor, cache, access.run);
  const opened = stack.move();
  return {
    descriptor,
    index: descriptor.digest === root.digest ? undefined : root,
    image,
    source,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/**
 * Opens anything that has a root filesystem; the caller disposes of it.
 * @throws ImageError USAGE, NOT_FOUND, INVALID, UNSUPPORTED …
 */
export async function openRoot(reference: string | Reference, access: Access): Promise<Root> {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  switch (parsed.kind) {
    case 'host':
    case 'rootfs':
    case 'tar':
    case 'scratch':
      return openPlainRoot(parsed, access);
    default: {
      const opened = await openImage(parsed, access);
      const { image } = opened;
      return {
        reference: parsed.text,
        files: treeFiles(image.tree),
        tree: async () => image.tree,
        platform: image.config,
        image,
        config: image.config,
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    }
  }
}

async function openPlainRoot(reference: RootReference, access: Access): Promise<Root> {
  await using stack = new AsyncDisposableStack();
  const { files, tree } = await plainRoot(reference, access, stack);
  const platform = access.platform ?? (await rootPlatform(files)) ?? machinePlatform();
  const open = stack.move();
  return {
    reference: reference.text,
    files,
    tree,
    platform,
    image: undefined,
    config: undefined,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function plainRoot(
  { kind, path }: RootReference,
  { run }: Access,
  stack: AsyncDisposableStack,
): Promise<Pick<Root, 'files' | 'tree'>> {
  switch (kind) {
    case 'host':
    case 'rootfs':
      return openRootDirectory(path, run);
    case 'tar': {
      const { tree } = stack.use(await openTarRoot(path, run));
      return { files: treeFiles(tree), tree: async () => tree };
    }
    case 'scratch':
      return { files: treeFiles(EMPTY_TREE), tree: async () => EMPTY_TREE };
    default:
      return assertNever(kind);
  }
}
