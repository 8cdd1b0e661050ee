/** The root filesystem of an image, or some of it, in a directory. @module */
import { readdirSync } from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import { countEntries, unpackedSize } from '../model/tree.ts';
import { type Access, openRoot } from '../sources.ts';
import { selectPaths } from '../transforms/extract/select.ts';
import { writeIntoDirectory } from '../transports/rootfs/into.ts';
import { writeRootDirectory } from '../transports/rootfs/sink.ts';

export interface ExtractRequest {
  readonly reference: string;
  readonly directory: string;
  /** None: everything. */
  readonly paths: readonly string[];
  /**
   * Of a directory that is not empty: `refuse` it; `merge`, so that files are replaced and directories joined; or `replace` also what
   * is of another kind.
   */
  readonly existing: 'refuse' | 'merge' | 'replace';
}

export interface Extracted {
  /** Without the root. */
  readonly entries: number;
  /** Bytes of the regular files, a hard-linked one once. */
  readonly size: number;
}

/** Owners, modes, attributes and times as far as the user may set them; what is lost, one warning tells. @throws ImageError */
export async function extract(request: ExtractRequest, access: Access): Promise<Extracted> {
  const { reference, directory, paths, existing } = request;
  const isEmpty = isAbsentOrEmpty(directory);
  if (!isEmpty && existing === 'refuse') {
    throw new ImageError('CONFLICT', `${directory} is not empty`, {
      hint: 'name a directory that is new or empty, or join what is there with --merge',
    });
  }
  await using root = await openRoot(reference, access);
  const tree = selectPaths(await root.tree(), paths);
  if (isEmpty) await writeRootDirectory(tree, directory, access.run);
  else await writeIntoDirectory(tree, directory, { replace: existing === 'replace' }, access.run);
  return { entries: countEntries(tree), size: unpackedSize(tree) };
}

function isAbsentOrEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw fromSystem(error, `cannot write to ${directory}`);
  }
}
