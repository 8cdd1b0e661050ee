/** What is to be said about an image as a whole. @module */
import type { DiffId, Digest } from '../../base/digest.ts';
import type { Descriptor, Platform, RunConfig } from '../../formats/oci/types.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import type { Image, Layer } from '../../model/image.ts';
import type { LinkToken } from '../../model/node.ts';
import { countFiles, unpackedSize } from '../../model/tree.ts';
import { historyOf } from './history.ts';

export interface LayerReport {
  readonly diffId: DiffId;
  /** As it is stored; absent where the medium keeps no such blob. */
  readonly digest?: Digest;
  readonly mediaType?: string;
  readonly compressed?: number;
  /** Bytes of the regular files it brings, a hard-linked one once. */
  readonly unpacked: number;
  /** The step that made it. */
  readonly createdBy?: string;
}

export interface ImageReport {
  /** Of the manifest, and of its config. */
  readonly digest: Digest;
  readonly configDigest?: Digest;
  readonly mediaType: string;
  readonly platform: Platform;
  readonly created?: string;
  readonly author?: string;
  readonly config: RunConfig;
  readonly annotations: Readonly<Record<string, string>>;
  /** Bytes of regular files in the merged tree. */
  readonly unpacked: number;
  /** Bytes of all layers as they are stored. */
  readonly compressed: number;
  /** Everything but directories in the merged tree, every name of a hard-linked one counted. */
  readonly files: number;
  /** Base layer first. */
  readonly layers: readonly LayerReport[];
}

export function describeImage(image: Image, descriptor: Descriptor): ImageReport {
  const { config, layers, tree, source } = image;
  const { architecture, os, variant, created, author } = config;
  const steps = historyOf(image).filter(({ layer }) => layer !== undefined);
  return {
    digest: descriptor.digest,
    ...(source === undefined ? {} : { configDigest: source.manifest.config.digest }),
    mediaType: descriptor.mediaType,
    platform: { os, architecture, ...(variant === undefined ? {} : { variant }) },
    ...(created === undefined ? {} : { created }),
    ...(author === undefined || author === '' ? {} : { author }),
    config: config.config ?? {},
    annotations: source?.manifest.annotations ?? {},
    unpacked: unpackedSize(tree),
    compressed: layers.reduce((sum, layer) => sum + (layer.descriptor?.size ?? 0), 0),
    files: countFiles(tree),
    layers: layers.map((layer, i) => describeLayer(layer, steps[i]?.createdBy)),
  };
}

function describeLayer({ diffId, descriptor, changes }: Layer, createdBy: string | undefined): LayerReport {
  const stored =
    descriptor === undefined
      ? {}
      : { digest: descriptor.digest, mediaType: descriptor.mediaType, compressed: descriptor.size };
  return { diffId, ...stored, unpacked: broughtBy(changes), ...(createdBy ? { createdBy } : {}) };
}

/** Bytes of the regular files that a layer brings, a hard-linked one once. */
export function broughtBy(changes: Changeset): number {
  const seen = new Set<LinkToken>();
  let sum = 0;
  for (const { change } of walkChanges(changes)) {
    if (change.kind !== 'file' || (change.link !== undefined && seen.has(change.link))) continue;
    if (change.link !== undefined) seen.add(change.link);
    sum += change.content.size;
  }
  return sum;
}
