/**
 * The directory that one running sandbox keeps its things in. It is locked for as long as its pare lives; one that nobody has
 * locked was left behind by a pare that was killed, and the next run takes it away.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';
import { type Lock, lockNow } from '../system/lock.ts';
import { removeAsNamespaceRoot } from './namespace.ts';

/** Disposing of it removes it, with whatever is in it. */
export interface RunDirectory extends AsyncDisposable {
  readonly path: string;
}

/** A directory becomes visible to others under its name when it is locked. */
const UNFINISHED = '.new-';

export async function makeRunDirectory(state: string): Promise<RunDirectory> {
  const name = randomBytes(8).toString('hex');
  const path = join(state, name);
  const unfinished = join(state, `${UNFINISHED}${name}`);
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const held = lockNow(lockIn(unfinished), 'exclusive');
    await rename(unfinished, path);
    const dispose = async () => {
      await removeAsNamespaceRoot(path);
      held?.[Symbol.dispose]();
    };
    return { path, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    throw fromSystem(
      error,
      `cannot make a directory in ${state}`,
      'set PARE_HOME to a directory that you may write to',
    );
  }
}

/** An abandoned directory, locked: whoever has it removes it. */
export interface Abandoned {
  readonly path: string;
  readonly lock: Lock;
}

export async function abandonedDirectories(state: string): Promise<readonly Abandoned[]> {
  return (await namesIn(state)).flatMap((name) => {
    if (name.startsWith(UNFINISHED)) return [];
    const path = join(state, name);
    const lock = lockUnlessGone(path);
    return lock === undefined ? [] : [{ path, lock }];
  });
}

function lockUnlessGone(directory: string): Lock | undefined {
  try {
    return lockNow(lockIn(directory), 'exclusive');
  } catch (error) {
    if (error instanceof ImageError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

const lockIn = (directory: string): string => join(directory, 'lock');

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
