/** What builds remember: layers that steps made, what steps came to, digests of files. @module */
import type { DiffId, Digest } from '../base/digest.ts';
import type { FileNode } from '../model/node.ts';
import type { LayerCache, ScannedLayer } from './layer-cache.ts';
import type { Run } from './run.ts';

/** Layers that steps made, whose DiffIDs are found while they are written. */
export interface BuildLayers extends Pick<LayerCache, 'get'> {
  add(bytes: AsyncIterable<Uint8Array>, run?: Run): Promise<ScannedLayer & { readonly diffId: DiffId }>;
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
  get(key: Digest): Remembered | undefined;
  put(key: Digest, what: Remembered): Promise<void>;
}

/** Digests of files' bytes. */
export interface ContentDigests {
  /** At once, without a promise, where that is possible. */
  of(file: FileNode, run?: Run): Digest | Promise<Digest>;
  /** What tells these bytes from all others without reading them; undefined where nothing does, or not yet. */
  identity(file: FileNode): string | undefined;
  /** A digest that follows from what `key` says and from nothing else: computed once. */
  derived(key: string, compute: () => Promise<Digest>): Promise<Digest>;
}
