/** What a transform hands over to be written: an image whose layers need not exist as blobs yet. @module */
import type { DiffId } from '../base/digest.ts';
import type { JsonObject } from '../base/json.ts';
import { compact } from '../formats/oci/shape.ts';
import type { Descriptor, History, ImageConfig, Platform, RunConfig } from '../formats/oci/types.ts';
import type { Changeset } from '../model/changeset.ts';
import type { Blob } from '../model/content.ts';
import type { Image } from '../model/image.ts';
import type { Tree } from '../model/tree.ts';
import type { Source } from './content-store.ts';

export interface NewImage {
  readonly platform: Platform;
  readonly config: RunConfig;
  /** RFC 3339; absent: the config says nothing of when. */
  readonly created?: string;
  readonly author?: string;
  /** Base layer first. */
  readonly layers: readonly NewLayer[];
  /** Absent: one entry for each layer, by pare. Given: as many entries without `empty_layer` as there are layers. */
  readonly history?: readonly History[];
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Fields of the config that pare does not know, and those of no other field here. */
  readonly unknown?: JsonObject;
}

export type NewLayer = MadeLayer | TarLayer | KeptLayer;

/** A layer to be written from a value: a whole tree, or a change to the tree of the layers before it. */
export interface MadeLayer {
  readonly kind: 'made';
  readonly content: Tree | Changeset;
  /** Of a changeset: the tree it was made for. */
  readonly below?: Tree;
}

/** A layer whose tar is there, uncompressed: its bytes stay, and are compressed as those of a made one. */
export interface TarLayer {
  readonly kind: 'tar';
  readonly blob: Blob;
  readonly size: number;
}

/** A layer of another image, whose bytes stay as they are. */
export interface KeptLayer {
  readonly kind: 'kept';
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly from: Pick<Source, 'fetch' | 'repository'>;
}

/** An image that was read, and its layers as they can be written again, base layer first. */
export interface StoredImage {
  readonly image: Image;
  readonly layers: readonly NewLayer[];
}

/** What a transform made of an image. */
export interface DerivedImage extends NewImage {
  /** What the layers come to. */
  readonly tree: Tree;
}

/** A new image that says what an image says, but for the layers. @param config in place of the image's own */
export function saying(
  { source, config: own }: Image,
  config: Omit<ImageConfig, 'rootfs'> = own,
): Omit<NewImage, 'layers'> {
  const annotations = source?.manifest.annotations;
  return { ...sayingConfig(config), ...(annotations === undefined ? {} : { annotations }) };
}

const KNOWN: ReadonlySet<string> = new Set([
  ...['architecture', 'os', 'variant', 'os.version', 'os.features'],
  ...['created', 'author', 'config', 'rootfs', 'history'],
]);

function sayingConfig(config: Omit<ImageConfig, 'rootfs'>): Omit<NewImage, 'layers'> {
  const { created, author, history, config: own = {} } = config;
  return {
    platform: platformIn(config),
    config: own,
    ...compact({ created, author, history }),
    unknown: Object.fromEntries(Object.entries(config).filter(([key]) => !KNOWN.has(key))),
  };
}

/** The platform that a config states, without the rest of it. */
export function platformIn(config: Platform): Platform {
  const { architecture, os, variant, 'os.version': version, 'os.features': features } = config;
  return { architecture, os, ...compact({ variant, 'os.version': version, 'os.features': features }) };
}
