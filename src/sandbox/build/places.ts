/**
 * Directories of their own, side by side, each locked by who uses it: whoever dies gives its locks back, so that what nobody has
 * locked and nobody has named can go.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../base/assert.ts';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { makeDirectories } from '../../system/directories.ts';
import { tryLock } from '../../system/linux.ts';
import { type Lock, type LockKind, lockNow } from '../../system/lock.ts';
import { removeDeadTempFiles } from '../../system/temp-file.ts';
import { removeAsNamespaceRoot } from '../namespace.ts';

export interface Place extends Disposable {
  readonly name: string;
  readonly path: string;
  /** Removes it where nobody else uses it, and lets go of it in any case; says whether it is gone. */
  remove(): Promise<boolean>;
}

const UNFINISHED = '.new-';
const DEAD = '.dead-';
const NAME = /^[0-9a-f]{12}$/;
/** Milliseconds within which a directory that is being made is locked. */
const MAKING = 60_000;

/** A new one, locked shared. */
export function makePlace(directory: string): Place {
  const name = randomBytes(6).toString('hex');
  const [path, unfinished] = [join(directory, name), join(directory, UNFINISHED + name)];
  try {
    makeDirectories(directory);
    mkdirSync(unfinished, { mode: 0o700 });
    const lock = lockNow(join(unfinished, 'lock'), 'shared');
    renameSync(unfinished, path);
    // The name is new, and so nobody else has locked it.
    return heldPlace(directory, name, present(lock, 'lock of a new place'));
  } catch (error) {
    throw fromSystem(
      error,
      `cannot make a directory in ${directory}`,
      'set PARE_HOME to a directory that you may write to',
    );
  }
}

/** Locks one that is there, shared; undefined where it is gone, or going. */
export function holdPlace(directory: string, name: string): Place | undefined {
  const path = join(directory, name);
  const lock = lockIn(path, 'shared');
  if (lock === undefined) return undefined;
  // It may have been renamed between opening and locking.
  if (existsSync(path)) return heldPlace(directory, name, lock);
  lock[Symbol.dispose]();
  return undefined;
}

function heldPlace(directory: string, name: string, lock: Lock): Place {
  return {
    name,
    path: join(directory, name),
    remove: async () => {
      // The lock is made exclusive, and not given back and taken again: a child that is being started has it open for a moment.
      using own = lock;
      if (!tryLock(own.fd, 'exclusive')) return false;
      await bury(directory, name);
      return true;
    },
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

function lockIn(path: string, kind: LockKind): Lock | undefined {
  try {
    return lockNow(join(path, 'lock'), kind);
  } catch (error) {
    if (error instanceof ImageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** Names of all. */
export function placesIn(directory: string): readonly string[] {
  return namesIn(directory).filter((name) => NAME.test(name));
}

/** Removes one that nobody uses; says whether it is gone. */
export async function removePlace(directory: string, name: string): Promise<boolean> {
  const path = join(directory, name);
  const lock = lockIn(path, 'exclusive');
  if (lock === undefined) return !existsSync(path);
  using _ = lock;
  await bury(directory, name);
  return true;
}

async function bury(directory: string, name: string): Promise<void> {
  const dead = join(directory, DEAD + name);
  // In one step, so that nobody meets half of it.
  renameSync(join(directory, name), dead);
  await removeAsNamespaceRoot(dead);
}

/** What processes that were killed have left half made, or half removed, and files that they were writing. */
export async function removeRemains(directory: string): Promise<void> {
  removeDeadTempFiles(directory);
  for (const name of namesIn(directory)) {
    const path = join(directory, name);
    if (name.startsWith(UNFINISHED) && ageOf(path) > MAKING) rmSync(path, { recursive: true, force: true });
    if (!name.startsWith(DEAD)) continue;
    using lock = lockIn(path, 'exclusive');
    if (lock !== undefined) await removeAsNamespaceRoot(path);
  }
}

function ageOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Date.now() - stats.mtimeMs;
}

export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
