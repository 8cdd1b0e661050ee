/**
 * The port through which whoever looks for facts reads a root filesystem. A Tree implements it in memory, a disk lazily, so
 * that packing one program never walks a machine.
 * @module
 */
import type { FileNode, NodeInfo } from '../model/node.ts';
import type { Resolution, ResolveOptions } from '../model/resolve.ts';

export interface Files {
  /** What stands at exactly this clean path; no component of it is followed as a link. */
  lookup(path: string): Promise<NodeInfo | undefined>;
  /** Names in the directory at exactly this clean path, sorted by code unit; undefined where there is no directory. */
  list(path: string): Promise<readonly string[] | undefined>;
  /** A path as a program would give it (links anywhere, `..`, relative to the root), followed inside the root. */
  resolve(path: string, options?: ResolveOptions): Promise<Resolution>;
  /**
   * Bytes of a regular file that this port gave.
   * @param range default the whole file; clamped to its size
   * @throws ImageError DENIED where the user may not read it, LIMIT where more than 256 MiB are asked for at once
   */
  read(file: FileNode, range?: { readonly offset: number; readonly size: number }): Promise<Uint8Array>;
}
