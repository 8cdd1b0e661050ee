/**
 * Root filesystems unpacked into directories, kept for the next run of the same layers. Nothing is ever written into one:
 * what programs write goes to a layer above.
 * @module
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type DiffId, digestOf, encodedOf } from '../base/digest.ts';
import { systemCode } from '../base/errors.ts';
import { removeAsNamespaceRoot, standing } from './namespace.ts';
import { makeRunDirectory } from './state.ts';

/** So many unpacked roots are kept, the most recently used ones. */
const KEPT = 8;
/** Beside it in its directory there is room for what belongs to a root and not in it. */
const ROOT = 'rootfs';

/** Where unpacked roots and running sandboxes are: on one filesystem. */
export interface SandboxDirectories {
  readonly roots: string;
  readonly state: string;
}

/** Those of a store. */
export function sandboxDirectories(store: string): SandboxDirectories {
  return { roots: join(store, 'cache', 'roots'), state: join(store, 'cache', 'runs') };
}

/** A directory that holds a root filesystem for as long as it is not disposed of. */
export interface UnpackedRoot extends AsyncDisposable {
  readonly path: string;
}

/**
 * @param layers of the image; undefined for a root that is nobody's layers: it is unpacked, and removed at the end
 * @param unpack fills a directory, which is not there yet, with the root filesystem
 */
export async function unpackedRoot(
  directories: SandboxDirectories,
  layers: readonly DiffId[] | undefined,
  unpack: (directory: string) => Promise<void>,
): Promise<UnpackedRoot> {
  const kept = layers === undefined ? undefined : join(directories.roots, keyOf(layers));
  if (kept !== undefined && existsSync(kept)) {
    const now = new Date();
    await utimes(kept, now, now);
    return { path: join(kept, ROOT), [Symbol.asyncDispose]: async () => undefined };
  }
  await using stack = new AsyncDisposableStack();
  const work = stack.use(await makeRunDirectory(directories.state));
  const unpacked = join(work.path, 'unpacked');
  await mkdir(unpacked);
  await unpack(join(unpacked, ROOT));
  if (kept === undefined) {
    const held = stack.move();
    return { path: join(unpacked, ROOT), [Symbol.asyncDispose]: () => held.disposeAsync() };
  }
  await mkdir(directories.roots, { recursive: true });
  await renameUnlessThere(unpacked, kept);
  await removeUnusedRoots(directories, KEPT);
  return { path: join(kept, ROOT), [Symbol.asyncDispose]: async () => undefined };
}

/** Files of another user namespace belong to other users on the disk. */
function keyOf(layers: readonly DiffId[]): string {
  return encodedOf(digestOf([standing(), ...layers].join('\n')));
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    // Another process has unpacked the same layers in the meantime.
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error;
  }
}

/** Removes unpacked roots that no sandbox runs on, but for the most recently used ones. */
async function removeUnusedRoots(directories: SandboxDirectories, keep: number): Promise<void> {
  const found = await rootsOnDisk(directories);
  const old = found.toSorted((a, b) => b.used - a.used).slice(keep);
  for (const { path, inUse } of old) if (!inUse) await removeAsNamespaceRoot(path);
}

export interface RootOnDisk {
  readonly path: string;
  /** Milliseconds since the epoch. */
  readonly used: number;
  readonly inUse: boolean;
}

export async function rootsOnDisk({ roots, state }: SandboxDirectories): Promise<readonly RootOnDisk[]> {
  const used = new Set(await rootsInUse(state));
  const found = await Promise.all((await namesIn(roots)).map((name) => withTime(join(roots, name))));
  return found.map(({ path, time }) => ({ path, used: time, inUse: used.has(join(path, ROOT)) }));
}

/** Says whether it is gone: what a sandbox runs on stays. */
export async function removeRoot({ state }: SandboxDirectories, path: string): Promise<boolean> {
  if ((await rootsInUse(state)).includes(join(path, ROOT))) return false;
  await removeAsNamespaceRoot(path);
  return true;
}

async function withTime(path: string): Promise<{ readonly path: string; readonly time: number }> {
  return { path, time: (await stat(path)).mtimeMs };
}

/** The roots that running sandboxes have linked. */
async function rootsInUse(state: string): Promise<readonly string[]> {
  const links = (await namesIn(state)).map((name) => readlink(join(state, name, 'lower')).catch(ignoreSystem));
  return (await Promise.all(links)).filter((path) => path !== undefined);
}

async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(ignoreSystem)) ?? [];
}

function ignoreSystem(error: unknown): undefined {
  if (systemCode(error) === undefined) throw error;
}
