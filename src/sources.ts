/**
 * What can be read, by the form of its reference: the one place that knows every transport's reading side.
 * @module
 */
import { ImageError } from './base/errors.ts';
import type { Platform } from './formats/oci/types.ts';
import { parseReference, type Reference } from './formats/reference/parse.ts';
import { EMPTY_TREE } from './model/tree.ts';
import type { Root } from './ports/root.ts';
import { rootPlatform } from './ports/root-platform.ts';
import type { Run } from './ports/run.ts';
import { treeFiles } from './ports/tree-files.ts';
import { machinePlatform } from './system/machine.ts';
import { openRootDirectory } from './transports/rootfs/source.ts';

/** What opening needs of the world: handed in, so that tests and the library's users decide. */
export interface Access {
  /** Where the store is ($PARE_HOME, $XDG_DATA_HOME, $HOME). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run?: Run;
  /** Which image of a multi-platform index; default the machine's. */
  readonly platform?: Platform;
}

/**
 * Opens anything that has a root filesystem; the caller disposes of it.
 * @throws ImageError USAGE, NOT_FOUND, INVALID, UNSUPPORTED …
 */
export async function openRoot(reference: string | Reference, access: Access): Promise<Root> {
  const parsed = typeof reference === 'string' ? parseReference(reference) : reference;
  switch (parsed.kind) {
    case 'host':
    case 'rootfs': {
      const { files, tree } = openRootDirectory(parsed.path, access.run);
      return plainRoot(parsed.text, files, tree, access);
    }
    case 'scratch':
      return plainRoot(parsed.text, treeFiles(EMPTY_TREE), async () => EMPTY_TREE, access);
    default:
      throw new ImageError('UNSUPPORTED', `${parsed.text}: not yet`);
  }
}

async function plainRoot(reference: string, files: Root['files'], tree: Root['tree'], access: Access): Promise<Root> {
  return {
    reference,
    files,
    tree,
    platform: access.platform ?? (await rootPlatform(files)) ?? machinePlatform(),
    image: undefined,
    config: undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
