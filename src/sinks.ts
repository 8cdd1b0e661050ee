/**
 * What can be written, by the form of its reference: the one place that knows every transport's writing side.
 * @module
 */
import { assertNever, present } from './base/assert.ts';
import { ImageError } from './base/errors.ts';
import { type NamedReference, parseNamed, withDefaultTag } from './formats/reference/docker.ts';
import {
  type DockerArchiveReference,
  parseReference,
  type Reference,
  type RootReference,
  type StoreReference,
} from './formats/reference/parse.ts';
import type { Tree } from './model/tree.ts';
import type { Sink } from './ports/content-store.ts';
import { registryAccess } from './registries.ts';
import type { Access } from './sources.ts';
import { storeDirectory } from './store/directory.ts';
import { openStore } from './store/session.ts';
import { openStoreSink } from './store/sink.ts';
import { openDockerArchiveSink, savedImageSink } from './transports/docker-archive/sink.ts';
import { loadIntoDaemon } from './transports/docker-daemon/load.ts';
import { openOciArchiveSink } from './transports/oci-archive/sink.ts';
import { openLayoutSink } from './transports/oci-layout/sink.ts';
import { writeRootDirectory } from './transports/rootfs/sink.ts';
import { writeTarRoot } from './transports/tar/sink.ts';

export interface SinkOptions {
  /** More names for the image, where the medium can hold several (docker-archive, docker-daemon). */
  readonly names?: readonly string[];
  /** For a docker-archive that neither its reference nor `names` gives a name. */
  readonly fallbackName?: string;
}

/**
 * Opens an image's place for writing; the caller commits, and disposes of it.
 * @throws ImageError USAGE, CONFLICT, DENIED, UNSUPPORTED
 */
export async function openSink(
  reference: string | Reference,
  access: Access,
  options: SinkOptions = {},
): Promise<Sink> {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  switch (parsed.kind) {
    case 'store':
      return openInStore(parsed, access);
    case 'oci':
      return openLayoutSink(parsed, access.run);
    case 'oci-archive':
      return openOciArchiveSink(parsed);
    case 'docker-archive':
      return openDockerArchiveSink(parsed, archiveNames(parsed, options));
    case 'docker': {
      const { openRegistrySink } = await import('./transports/registry/sink/sink.ts');
      return openRegistrySink(parsed, registryAccess(access));
    }
    case 'docker-daemon': {
      const { writer, named } = await loadIntoDaemon(parsed, access.env, access.run);
      return savedImageSink(writer, parsed.text, [named, ...moreNames(options)]);
    }
    case 'rootfs':
    case 'tar':
    case 'host':
    case 'scratch':
      throw new ImageError('USAGE', `${parsed.text} holds a root filesystem, and an image is to be written`, {
        hint: 'write oci:DIR, oci-archive:FILE, docker-archive:FILE, or NAME for the store',
      });
    default:
      return assertNever(parsed);
  }
}

function archiveNames({ named }: DockerArchiveReference, options: SinkOptions): NamedReference[] {
  const { fallbackName } = options;
  const names = moreNames(options);
  const isNamed = named !== undefined || names.length > 0 || fallbackName === undefined;
  return isNamed ? names : moreNames({ names: [fallbackName] });
}

function moreNames({ names = [] }: SinkOptions): NamedReference[] {
  return names.map((name) => withDefaultTag(parseNamed(name)));
}

async function openInStore(reference: StoreReference, { env, run }: Access): Promise<Sink> {
  const session = present(await openStore(storeDirectory(env), { create: true }, run), 'store');
  try {
    const sink = openStoreSink(session, reference);
    return { ...sink, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() };
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Writes a root filesystem as a directory or a tar.
 * @returns of a tar, the size of the file in bytes
 * @throws ImageError CONFLICT where the directory is not empty; DENIED
 */
export async function saveRoot(
  tree: Tree,
  { kind, path, text }: RootReference,
  { run }: Access,
): Promise<{ readonly compressed?: number }> {
  switch (kind) {
    case 'rootfs':
      await writeRootDirectory(tree, path, run);
      return {};
    case 'tar':
      return { compressed: await writeTarRoot(tree, path, run) };
    case 'host':
    case 'scratch':
      throw new ImageError('USAGE', `${text} can only be read`, { hint: 'write rootfs:DIR or tar:FILE' });
    default:
      return assertNever(kind);
  }
}
