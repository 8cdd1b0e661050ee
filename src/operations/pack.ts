/** Packing from references to references: opens what is read, packs, and writes what comes of it. @module */
import type { Digest } from '../base/digest.ts';
import { canonicalJson } from '../base/json.ts';
import { PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import type { Platform } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import { diff } from '../model/diff.ts';
import type { Evidence } from '../model/evidence.ts';
import { parsePlatform } from '../model/platform.ts';
import { countFiles, unpackedSize } from '../model/tree.ts';
import type { Sink } from '../ports/content-store.ts';
import type { Root } from '../ports/root.ts';
import { evidenceOf } from '../rules/closure/evidence.ts';
import { openSink, type SinkOptions, saveRoot } from '../sinks.ts';
import { type Access, openRoot } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { pack } from '../transforms/pack/pack.ts';
import type { Packed } from '../transforms/pack/types.ts';
import type { NewImage, SavedImage } from '../transforms/save/image.ts';
import { saveImage } from '../transforms/save/save.ts';
import { type Base, openBase } from './base.ts';
import { type PackOptions, recipeOf, requestOf } from './recipe.ts';
import { findShell } from './shell.ts';
import { timestamp } from './time.ts';

export interface Packing extends AsyncDisposable {
  readonly packed: Packed;
  /** The image that the programs were taken from, to compare with; undefined where that is no image. */
  readonly input: PackInput | undefined;
  /** Why everything is in it. */
  evidence(): Promise<Evidence>;
  /**
   * Writes it to a reference of any kind: an image, with its evidence where the place can hold it; or the root filesystem
   * alone.
   * @param naming where the medium keeps names itself
   */
  save(reference: string, naming?: SinkOptions): Promise<Written>;
  /** Writes the image alone. */
  saveTo(sink: Sink): Promise<SavedImage>;
}

export interface PackInput {
  readonly reference: string;
  /** Bytes of the regular files, a hard-linked one once. */
  readonly unpacked: number;
  /** Bytes of the layers as they are stored. */
  readonly compressed: number;
  /** Everything but directories. */
  readonly files: number;
}

/** What came of writing to one reference. */
export interface Written {
  readonly reference: string;
  /** Of the manifest; a root filesystem has none. */
  readonly digest?: Digest;
  /** Bytes of the layers as they are stored, or of the tar file; a directory has none. */
  readonly compressed?: number;
  /** Of the one that was written, where the place holds one platform and there are several. */
  readonly platform?: Platform;
}

/**
 * Works out what goes in; nothing is written before {@link Packing.save}. The sources stay open until it is disposed of.
 * @param from what the programs are taken from, where it is open already; the caller disposes of it
 * @throws ImageError
 */
export async function openPacking(options: PackOptions, access: Access, from?: Root): Promise<Packing> {
  await using open = new AsyncDisposableStack();
  const wanted = options.platform === undefined ? {} : { platform: parsePlatform(options.platform, machinePlatform()) };
  const source = from ?? open.use(await openRoot(options.from ?? 'host:', { ...access, ...wanted }));
  const request = {
    ...requestOf(options, await textOf(source, '/etc/passwd')),
    platform: wanted.platform,
  };
  const base = open.use(await openBase(options.base, { ...access, platform: source.platform }));
  const shell = options.shell === undefined ? undefined : await findShell(options.shell, source, access, open);
  const { files, config } = source;
  const packed = await pack({
    ...request,
    source: { files, platform: source.platform, config: config?.config },
    shell,
    base,
  });
  const recipe = recipeOf(options, packed.platform, base?.digest);
  const evidence = async () => evidenceOf({ ...packed, request: recipe });
  const image = newImage(packed, base);
  const { compression } = options;
  const opened = open.move();
  return {
    packed,
    input: inputOf(source),
    evidence,
    save: async (reference, naming = {}) => {
      const parsed = parseReference(reference);
      if (isRootReference(parsed)) return { reference, ...(await saveRoot(packed.tree, parsed, access)) };
      await using sink = await openSink(parsed, access, naming);
      const attachments = sink.withoutReferrers
        ? []
        : evidence().then((made) => [{ artifactType: PARE_EVIDENCE, bytes: canonicalJson(made) }]);
      const { descriptor, manifest } = await saveImage(image, sink, { attachments, compression }, access.run);
      const compressed = manifest.layers.reduce((sum, { size }) => sum + size, 0);
      return { reference, digest: descriptor.digest, compressed };
    },
    saveTo: (sink) => saveImage(image, sink, { compression }, access.run),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function inputOf({ reference, image }: Root): PackInput | undefined {
  if (image?.source === undefined) return undefined;
  const compressed = image.source.manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { reference, unpacked: unpackedSize(image.tree), compressed, files: countFiles(image.tree) };
}

async function textOf({ files }: Root, path: string): Promise<string> {
  const found = await files.resolve(path);
  return found.kind === 'found' && found.node.kind === 'file'
    ? new TextDecoder().decode(await files.read(found.node))
    : '';
}

function newImage({ platform, config, time, tree }: Packed, base: Base | undefined): NewImage {
  const created = timestamp(time);
  const entry = { created, created_by: 'pare pack' };
  if (base?.layers === undefined) {
    return { platform, config, created, layers: [{ kind: 'made', content: tree }], history: [entry] };
  }
  const { tree: below, layers, history } = base;
  const own = { kind: 'made', content: diff(below, tree), below } as const;
  return { platform, config, created, layers: [...layers, own], history: [...history, entry] };
}
