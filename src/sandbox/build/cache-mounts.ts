/** Directories that outlive steps: `RUN --mount=type=cache`. @module */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, encodedOf } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { resolve } from '../../model/resolve.ts';
import { EMPTY_DIR, nodeAt, type Tree } from '../../model/tree.ts';
import type { CacheContent, CacheMount } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import { makeDirectories } from '../../system/directories.ts';
import { type Lock, lock, lockNow } from '../../system/lock.ts';
import { removeAsNamespaceRoot, standing } from '../namespace.ts';
import type { Hands } from './hands.ts';

/** Nobody removes it, and who may not share it does not use it, until this is disposed of. */
export interface HeldCache extends Disposable {
  readonly path: string;
}

/** In a place: what is kept, and what is being made or removed. */
export const DATA = 'data';
export const UNFINISHED = 'new';

/** @param directory holds the caches of all ids: `ID-HASH/NUMBER/{lock,data}` */
export async function holdCache(directory: string, mount: CacheMount, hands: Hands, run: Run): Promise<HeldCache> {
  const family = familyOf(directory, mount.id);
  makeDirectories(family);
  writeFileSync(join(family, 'id'), mount.id);
  const { place, held } = await lockOne(family, mount.sharing, run);
  try {
    const path = join(place, DATA);
    if (!existsSync(path)) await make(place, mount, hands, run);
    return { path, [Symbol.dispose]: () => held[Symbol.dispose]() };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** What the first of an id holds; nobody uses it until this is disposed of. Undefined where there is none. */
export async function readCache(
  directory: string,
  id: string,
  hands: Hands,
  run: Run,
): Promise<CacheContent | undefined> {
  const place = join(familyOf(directory, id), '0');
  const path = join(place, DATA);
  if (!existsSync(path)) return undefined;
  await using stack = new AsyncDisposableStack();
  stack.use(await lock(join(place, 'lock'), 'exclusive', run));
  const { tree } = stack.use(await hands.read(path, run));
  const held = stack.move();
  return { tree, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Files of another user namespace belong to other users on the disk. */
function familyOf(directory: string, id: string): string {
  return join(directory, encodedOf(digestOf(`${standing()}\n${id}`)).slice(0, 32));
}

async function lockOne(
  family: string,
  sharing: CacheMount['sharing'],
  run: Run,
): Promise<{ place: string; held: Lock }> {
  for (let number = 0; ; number++) {
    const place = join(family, String(number));
    makeDirectories(place, 0o700);
    const file = join(place, 'lock');
    if (sharing !== 'private') {
      return { place, held: await lock(file, sharing === 'shared' ? 'shared' : 'exclusive', run) };
    }
    const held = lockNow(file, 'exclusive');
    if (held !== undefined) return { place, held };
  }
}

/** Made beside and renamed: a step that is killed leaves no half of it. */
async function make(place: string, mount: CacheMount, hands: Hands, run: Run): Promise<void> {
  // Those who share it must not make it both.
  using _ = await lock(join(place, 'making'), 'exclusive', run);
  const path = join(place, DATA);
  if (existsSync(path)) return;
  const unfinished = join(place, UNFINISHED);
  await removeAsNamespaceRoot(unfinished);
  mkdirSync(unfinished, { mode: 0o700 });
  await hands.write((await mount.filled?.()) ?? contentOf(mount), unfinished, run);
  renameSync(unfinished, path);
}

function contentOf({ from, mode, uid, gid }: CacheMount): Tree {
  const meta = { mode, uid, gid };
  if (from === undefined) return { root: { ...EMPTY_DIR, meta } };
  const found = resolve(from.root.tree, from.source);
  const dir = found.kind === 'found' ? nodeAt(from.root.tree, found.path) : undefined;
  if (dir?.kind !== 'dir') throw new ImageError('NOT_FOUND', `no directory ${from.source} to begin a cache with`);
  return { root: { ...dir, meta } };
}
