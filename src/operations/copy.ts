/** Copying from reference to reference: images to images, and to and from root filesystems. @module */
import { ImageError } from '../base/errors.ts';
import { type LayerForm, partsOf } from '../formats/layer/form.ts';
import { parseConfig } from '../formats/oci/config.ts';
import type { ImageFormat } from '../formats/oci/image-format.ts';
import { isConfigType, isIndexType, isManifestType } from '../formats/oci/media-types.ts';
import { parseManifest } from '../formats/oci/parse.ts';
import type { Descriptor, Platform } from '../formats/oci/types.ts';
import { isRootReference, parseReference, type Reference, type RootReference } from '../formats/reference/parse.ts';
import { newestTime } from '../model/newest-time.ts';
import { formatPlatform, samePlatform } from '../model/platform.ts';
import { countEntries, unpackedSize } from '../model/tree.ts';
import type { Sink, Source } from '../ports/content-store.ts';
import type { Run } from '../ports/run.ts';
import { readDocument } from '../ports/verified.ts';
import { openSink, saveRoot } from '../sinks.ts';
import { type Access, openRoot, openSource } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { type CopyOptions, copyImage } from '../transforms/copy/copy.ts';
import { resolvePlatform } from '../transforms/load/platform.ts';
import { inPieces } from '../transforms/pieces/sink.ts';
import { saveImage } from '../transforms/save/save.ts';
import { timestamp } from './time.ts';

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  readonly compression?: LayerForm;
  /** Whose manifests are written; default those that are there. */
  readonly format?: ImageFormat;
  /** Of an index: one, as a plain image; or several, in an index of them. Default all. */
  readonly platforms?: readonly Platform[];
  /** All platforms, and an error where the destination holds one only; else it gets the one that fits the machine. */
  readonly all?: boolean;
  /** Whether a digest that would become another is an error. */
  readonly preserveDigests?: boolean;
  /** Whether evidence and the like go with an image: must, or must not. Default: where they can. */
  readonly referrers?: boolean;
  /** As an artifact of pieces, which only pare makes an image of again: what has not changed is not sent again. */
  readonly pieces?: boolean;
  /** Of an image made of a root filesystem, in seconds since the epoch; default the newest time in it. */
  readonly time?: number;
}

export type Copied =
  | { readonly kind: 'image'; readonly descriptor: Descriptor }
  /** `size`: of the regular files, a hard-linked one once. */
  | { readonly kind: 'root'; readonly entries: number; readonly size: number };

/** @throws ImageError */
export async function copy(request: CopyRequest, access: Access): Promise<Copied> {
  const from = parseReference(request.from);
  const to = parseReference(request.to);
  checkRequest(request, from, to);
  if (isRootReference(to)) return copyToRoot(from, to, oneOf(request, access));
  await using place = await openSink(to, access);
  const sink = request.pieces === true ? inPieces(place) : place;
  return await (isRootReference(from)
    ? copyFromRoot(from, sink, request, access)
    : copyToImage(from, sink, request, access));
}

function checkRequest(
  { format, compression, all, platforms, preserveDigests, pieces }: CopyRequest,
  from: Reference,
  to: Reference,
) {
  const root = [from, to].find(isRootReference);
  const asked = [
    ...(format === undefined ? [] : ['--format']),
    ...(all === true ? ['--all'] : []),
    ...(preserveDigests === true ? ['--preserve-digests'] : []),
  ];
  if (root !== undefined && asked.length > 0) {
    throw new ImageError('USAGE', `${root.text} is a root filesystem, and ${asked.join(', ')} is about images`);
  }
  if (all === true && platforms !== undefined) {
    throw new ImageError('USAGE', 'either all platforms or those of --platform', { hint: 'leave out --all' });
  }
  if (pieces === true && to.kind !== 'docker' && to.kind !== 'oci') {
    throw new ImageError('USAGE', `${to.text} holds images as a whole, and none in pieces`, {
      hint: 'registries (docker://) and OCI layouts (oci:) hold images in pieces',
    });
  }
  if (format === 'docker' && compression !== undefined && partsOf(compression).compression === 'zstd') {
    throw new ImageError('USAGE', "Docker's format has no layers compressed with zstd", {
      hint: 'leave out --format docker (registries and Docker take OCI manifests), or write --compression gzip',
    });
  }
}

/** For what holds one root filesystem. */
function oneOf({ platforms = [], to }: CopyRequest, access: Access): Access {
  const [platform, another] = distinct(platforms);
  if (another !== undefined) throw severalPlatforms(to);
  return platform === undefined ? access : { ...access, platform };
}

function distinct(platforms: readonly Platform[]): readonly Platform[] {
  return platforms.filter((one, i) => platforms.findIndex((other) => samePlatform(one, other)) === i);
}

function severalPlatforms(to: string): ImageError {
  return new ImageError('USAGE', `${to} holds one platform, and several are asked for`, {
    hint: 'choose one with --platform',
  });
}

async function copyToRoot(from: Reference, to: RootReference, access: Access): Promise<Copied> {
  await using root = await openRoot(from, access);
  const tree = await root.tree();
  await saveRoot(tree, to, access);
  return { kind: 'root', entries: countEntries(tree), size: unpackedSize(tree) };
}

/** An image of one layer, with a config that says no more than the platform. */
async function copyFromRoot(from: RootReference, sink: Sink, request: CopyRequest, access: Access): Promise<Copied> {
  await using root = await openRoot(from, access);
  const tree = await root.tree();
  const created = timestamp(request.time ?? newestTime(tree));
  const { descriptor } = await saveImage(
    {
      platform: root.platform,
      config: {},
      created,
      layers: [{ kind: 'made', content: tree }],
      history: [{ created, created_by: `pare copy ${from.kind}:` }],
    },
    sink,
    request.compression === undefined ? {} : { compression: request.compression },
    access.run,
  );
  return { kind: 'image', descriptor };
}

async function copyToImage(from: Reference, sink: Sink, request: CopyRequest, access: Access): Promise<Copied> {
  await using source = await openSource(from, access);
  const { root, platforms } = await chosen(source, sink, request, access);
  const { compression, format, preserveDigests, referrers } = request;
  const options: CopyOptions = {
    root,
    ...(platforms === undefined ? {} : { platforms }),
    ...(compression === undefined ? {} : { compression }),
    ...(format === undefined ? {} : { format }),
    ...(preserveDigests === undefined ? {} : { preserveDigests }),
    ...(referrers === undefined ? {} : { referrers }),
  };
  return { kind: 'image', descriptor: await copyImage(source, sink, options, access.run) };
}

/** What of the source: all platforms, unless some are asked for, or the medium holds one only. */
async function chosen(
  source: Source,
  sink: Sink,
  request: CopyRequest,
  { platform, run }: Access,
): Promise<Pick<CopyOptions, 'platforms'> & { readonly root: Descriptor }> {
  const root = await source.resolve(run);
  const wanted = distinct(request.platforms ?? (platform === undefined ? [] : [platform]));
  const isSingle = sink.layerCompression !== undefined;
  const machine = machinePlatform();
  for (const one of wanted) await checkPlatform(source, root, one, run);
  if (wanted.length > 1 && isIndexType(root.mediaType)) {
    if (isSingle) throw severalPlatforms(request.to);
    // Each of them has to be there.
    for (const one of wanted) await resolvePlatform(source, root, { wanted: one, machine }, run);
    return { root, platforms: wanted };
  }
  if (wanted.length === 0 && !isSingle) return { root };
  if (request.all === true && isIndexType(root.mediaType)) throw severalPlatforms(request.to);
  return { root: await resolvePlatform(source, root, { wanted: wanted[0], machine }, run) };
}

/** Of a plain image only its config says what it is for. */
async function checkPlatform(source: Source, root: Descriptor, wanted: Platform, run: Run | undefined): Promise<void> {
  if (!isManifestType(root.mediaType)) return;
  const { config } = parseManifest(await readDocument(source, root, run), root);
  if (!isConfigType(config.mediaType)) return;
  const found = parseConfig(await readDocument(source, config, run), `config ${config.digest}`);
  if (samePlatform(found, wanted)) return;
  throw new ImageError('NOT_FOUND', `${source.reference} has no image for ${formatPlatform(wanted)}`, {
    hint: `it is one for ${formatPlatform(found)}`,
  });
}
