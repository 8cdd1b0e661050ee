/**
 * `host:` and `rootfs:DIR` as sources: looked at lazily through {@link Files}, or read whole into a Tree.
 * @module
 */
import { lstatSync, statSync } from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import type { Tree } from '../../model/tree.ts';
import type { Files } from '../../ports/files.ts';
import type { Run } from '../../ports/run.ts';
import { neverBelow } from '../../rules/never.ts';
import { rootFiles, rootReader } from '../../system/disk-root.ts';
import { hasSystemCalls } from '../../system/linux.ts';
import { readTree } from '../../system/read-tree.ts';

export interface RootDirectory {
  readonly files: Files;
  /** Every entry, read at the first call: metadata only, the bytes of files stay where they are. */
  tree(): Promise<Tree>;
}

/** @throws ImageError NOT_FOUND where there is no such directory */
export function openRootDirectory(path: string, run: Run = {}): RootDirectory {
  assertDirectory(path);
  if (!hasSystemCalls()) {
    run.report?.({
      type: 'warning',
      text: 'extended attributes (file capabilities, ACLs) cannot be read on this platform',
    });
  }
  const reader = rootReader(path);
  let tree: Promise<Tree> | undefined;
  return {
    files: rootFiles(reader, run.report, neverBelow),
    tree: () => (tree ??= readTree(reader, run)),
  };
}

function assertDirectory(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    const dangling = systemCode(error) === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false }) !== undefined;
    throw fromSystem(
      error,
      `cannot open the root filesystem ${path}${dangling ? ', a link to nowhere' : ''}`,
      'name a directory that is there and that you may read; host: is this machine',
    );
  }
  throw new ImageError('NOT_FOUND', `${path} is not a directory`, {
    hint: `if it is a tar of a root filesystem, write tar:${path}; if it is an image, oci-archive: or docker-archive:`,
  });
}
