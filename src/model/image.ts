/**
 * An image of one platform as a value.
 * @module
 */
import type { DiffId } from '../base/digest.ts';
import type { Descriptor, ImageConfig, Manifest } from '../formats/oci/types.ts';
import type { Changeset } from './changeset.ts';
import type { Blob } from './content.ts';
import type { Tree } from './tree.ts';

/** One occurrence of a layer in an image. The same DiffId may occur twice. */
export interface Layer {
  readonly diffId: DiffId;
  /** Present where the layer exists as a stored, possibly compressed blob that is to be kept as it is. */
  readonly descriptor: Descriptor | undefined;
  /** The uncompressed tar. */
  readonly blob: Blob;
  /** Of the tar, in bytes. */
  readonly size: number;
  readonly changes: Changeset;
}

export interface Image {
  readonly config: ImageConfig;
  /** Base layer first. */
  readonly layers: readonly Layer[];
  /** All layers applied to the empty tree. */
  readonly tree: Tree;
  /** The manifest it was read from, with its exact bytes; absent for an image that a transform made. */
  readonly source: StoredManifest | undefined;
}

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  /** The exact bytes of manifest and config: an untouched document is written back as it was read. */
  readonly rawManifest: Uint8Array;
  readonly rawConfig: Uint8Array;
}
