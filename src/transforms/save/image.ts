/** What is written, and what became of it. @module */
import type { Descriptor, ImageConfig, Manifest } from '../../formats/oci/types.ts';

export type { KeptLayer, MadeLayer, NewImage, NewLayer, TarLayer } from '../../ports/new-image.ts';

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
