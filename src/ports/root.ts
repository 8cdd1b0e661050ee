/**
 * Anything that has a root filesystem, opened for looking: a directory, this machine, a tar, an image.
 * @module
 */
import type { ImageConfig, Platform } from '../formats/oci/types.ts';
import type { Image } from '../model/image.ts';
import type { Tree } from '../model/tree.ts';
import type { Files } from './files.ts';

export interface Root extends AsyncDisposable {
  /** As the user wrote it. */
  readonly reference: string;
  readonly files: Files;
  /** The whole tree. Costs a walk where the root is a directory: prefer {@link files}. */
  tree(): Promise<Tree>;
  /** Of an image: its config, else from the programs found in it, else this machine's. */
  readonly platform: Platform;
  /** Present where the root is an image. Its blobs can be read until the root is disposed of. */
  readonly image: Image | undefined;
  readonly config: ImageConfig | undefined;
}
