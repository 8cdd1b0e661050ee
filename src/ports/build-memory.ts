/** What builds remember: layers that steps made, what steps came to, digests of files. @module */
import type { DiffId, Digest } from '../base/digest.ts';
import type { FileNode } from '../model/node.ts';
import type { ScannedLayer } from './layer-cache.ts';
import type { NewLayer } from './new-image.ts';
import type { Run } from './run.ts';

/** Layers that steps made. */
export interface BuildLayers extends LayerMaker {
  /** Undefined for one that is nowhere to be had. */
  find(diffId: DiffId, run?: Run): Promise<FoundLayer | undefined>;
}

export interface LayerMaker {
  /** Takes one in whose DiffID is found on the way. */
  add(bytes: AsyncIterable<Uint8Array>, run?: Run): Promise<ScannedLayer & { readonly diffId: DiffId }>;
}

/** A layer that may lie elsewhere: it is fetched when it is read, and not where it is only written into an image. */
export interface FoundLayer {
  readonly stored: NewLayer;
  read(): Promise<ScannedLayer>;
}

/** What a step came to: a layer, or nothing. */
export interface Remembered {
  /** Undefined: it changed nothing. */
  readonly diffId: DiffId | undefined;
  /** RFC 3339 */
  readonly created: string;
}

/** What steps came to, by a digest of all that they depend on. */
export interface Memo {
  get(key: Digest): Remembered | undefined | Promise<Remembered | undefined>;
  put(key: Digest, what: Remembered): Promise<void>;
}

export interface FilesDigest {
  readonly digest: Digest;
  readonly seen: string | undefined;
}

/** Digests of files' bytes. */
export interface ContentDigests {
  /** At once, without a promise, where that is possible. */
  of(file: FileNode, run?: Run): Digest | Promise<Digest>;
  /** A digest that follows from what `key` says and from nothing else: computed once. */
  derived(key: string, compute: () => Promise<Digest>): Promise<Digest>;
  /**
   * A digest that follows from what `key` says and from files of this machine: computed where their fingerprint is not what it was.
   * @param fingerprint undefined where nothing tells whether they have changed
   * @returns `seen`: the fingerprint, where nothing was computed
   */
  ofFiles(
    key: string,
    fingerprint: () => Promise<string | undefined>,
    compute: () => Promise<Digest>,
  ): Promise<FilesDigest>;
}
