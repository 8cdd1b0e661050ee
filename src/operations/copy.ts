/** Copying from reference to reference: images to images, and to and from root filesystems. @module */
import type { LayerForm } from '../formats/layer/form.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { isRootReference, parseReference, type Reference, type RootReference } from '../formats/reference/parse.ts';
import { newestTime } from '../model/newest-time.ts';
import { countEntries, unpackedSize } from '../model/tree.ts';
import type { Sink, Source } from '../ports/content-store.ts';
import { openSink, saveRoot } from '../sinks.ts';
import { type Access, openRoot, openSource } from '../sources.ts';
import { machinePlatform } from '../system/machine.ts';
import { copyImage } from '../transforms/copy/copy.ts';
import { resolvePlatform } from '../transforms/load/platform.ts';
import { saveImage } from '../transforms/save/save.ts';
import { timestamp } from './time.ts';

export interface CopyRequest {
  readonly from: string;
  readonly to: string;
  readonly compression?: LayerForm;
  /** Whether evidence and the like go with an image; default true. */
  readonly referrers?: boolean;
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
  if (isRootReference(to)) return copyToRoot(from, to, access);
  await using sink = await openSink(to, access);
  return await (isRootReference(from)
    ? copyFromRoot(from, sink, request, access)
    : copyToImage(from, sink, request, access));
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
  const root = await rootToCopy(source, sink, access);
  const { compression, referrers } = request;
  const options = {
    root,
    ...(compression === undefined ? {} : { compression }),
    ...(referrers === undefined ? {} : { referrers }),
  };
  return { kind: 'image', descriptor: await copyImage(source, sink, options, access.run) };
}

/** All platforms, unless one is asked for, or the medium holds one only. */
async function rootToCopy(source: Source, sink: Sink, { platform, run }: Access): Promise<Descriptor> {
  const root = await source.resolve(run);
  if (platform === undefined && sink.layerCompression === undefined) return root;
  return resolvePlatform(source, root, { wanted: platform, machine: machinePlatform() }, run);
}
