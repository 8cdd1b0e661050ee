/** Where the files of two root filesystems differ. @module */
import { type Aspect, type Difference, differencesInBytes } from '../../model/difference.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';

export interface FileOptions {
  /** Whether times of modification count. */
  readonly times: boolean;
}

/** In order of walk. Contents are compared byte by byte where they are of one size, and not one range of one blob. */
export async function* compareFiles(
  before: Tree,
  after: Tree,
  { times }: FileOptions,
  { signal }: Run = {},
): AsyncGenerator<Difference> {
  const counts = (aspect: Aspect) => times || aspect !== 'mtime';
  for await (const found of differencesInBytes(before, after)) {
    signal?.throwIfAborted();
    const aspects = found.aspects.filter(counts);
    const isChange = found.before !== undefined && found.after !== undefined;
    if (!isChange || aspects.length > 0) yield { ...found, aspects };
  }
}
