/**
 * `rootfs:DIR` as a place for a tree: a directory, exact where the user is root; else what an ordinary user can do, and a
 * warning that says what could not be done.
 *
 * Nothing is written outside: the directory is new or empty, every directory in it is made here and closed to others until
 * the end, and no existing name is ever opened or followed.
 * @module
 */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { fromSystem, ImageError } from '../../base/errors.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { makeDirectories } from '../../system/directories.ts';
import { writeTree } from '../../system/write-tree.ts';

/**
 * @param dir is made if need be
 * @throws ImageError CONFLICT where the directory is not empty; IO, DENIED. Then what was written is removed again
 */
export async function writeRootDirectory(tree: Tree, dir: string, run: Run = {}): Promise<void> {
  const base = dir === '/' ? '/' : dir.replace(/\/+$/, '');
  const isNew = prepare(base);
  try {
    const left = await writeTree(tree, base, run);
    if (left !== undefined) run.report?.({ type: 'warning', text: `${base}: ${left}` });
  } catch (error) {
    for (const name of readdirSync(base, { encoding: 'buffer' })) {
      rmSync(Buffer.concat([Buffer.from(`${base}/`), name]), { recursive: true, force: true });
    }
    if (isNew) rmSync(base, { recursive: true, force: true });
    throw fromSystem(error, `cannot write the root filesystem ${dir}`);
  }
}

/** Or not there. @throws ImageError CONFLICT; DENIED, IO */
export function assertEmpty(dir: string): void {
  try {
    if (!existsSync(dir) || readdirSync(dir).length === 0) return;
  } catch (error) {
    throw fromSystem(error, `cannot write to ${dir}`);
  }
  throw new ImageError('CONFLICT', `${dir} is not empty`, {
    hint: 'name a directory that is new or empty: pare does not write over what is there',
  });
}

function prepare(dir: string): boolean {
  try {
    const isNew = makeDirectories(dir, 0o700);
    assertEmpty(dir);
    chmodSync(dir, 0o700);
    return isNew;
  } catch (error) {
    throw fromSystem(error, `cannot write to ${dir}`);
  }
}
