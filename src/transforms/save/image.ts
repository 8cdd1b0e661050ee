/** What a transform hands over to be written: an image whose layers need not exist as blobs yet. @module */
import type { DiffId } from '../../base/digest.ts';
import type { Descriptor, History, ImageConfig, Manifest, Platform, RunConfig } from '../../formats/oci/types.ts';
import type { Changeset } from '../../model/changeset.ts';
import type { Tree } from '../../model/tree.ts';
import type { Source } from '../../ports/content-store.ts';

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
}

export type NewLayer = MadeLayer | KeptLayer;

/** A layer to be written from a value: a whole tree, or a change to the tree of the layers before it. */
export interface MadeLayer {
  readonly kind: 'made';
  readonly content: Tree | Changeset;
  /** For a changeset that links to files below: the tree it was made for. */
  readonly below?: Tree;
}

/** A layer of another image, whose bytes stay as they are. */
export interface KeptLayer {
  readonly kind: 'kept';
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
  readonly from: Source;
}

/** Something that speaks about the image and travels with it: its evidence, a bill of materials, a signature. */
export interface Attachment {
  readonly artifactType: string;
  readonly bytes: Uint8Array;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What became of the image. */
export interface SavedImage {
  /** Of the manifest, with the platform. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}
