/**
 * Files that become visible whole or not at all: written under a temporary name, then renamed. A temporary file is locked by
 * the process that writes it, so that whoever comes later can tell what was left behind by a process that was killed.
 * @module
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fromSystem, systemCode } from '../base/errors.ts';
import { hasSystemCalls, tryLock } from './linux.ts';

const PREFIX = '.pare-';
const SUFFIX = '.tmp';

export interface TempFile extends AsyncDisposable {
  readonly path: string;
  readonly handle: FileHandle;
  /** After a rename: disposal closes the file and removes nothing. */
  keep(): void;
}

/** A new, empty, locked file in the directory. Disposing of it removes it, unless it is kept. */
export async function createTempFile(dir: string): Promise<TempFile> {
  for (;;) {
    const path = `${dir}/${PREFIX}${randomBytes(9).toString('base64url')}${SUFFIX}`;
    const handle = await attempt(`cannot write to ${dir}`, open(path, 'wx+'));
    if (hasSystemCalls()) tryLock(handle.fd, 'exclusive');
    // Between making and locking it, somebody may have taken it for one left behind.
    if ((await handle.stat()).nlink === 0) {
      await handle.close();
      continue;
    }
    let kept = false;
    return {
      path,
      handle,
      keep: () => {
        kept = true;
      },
      [Symbol.asyncDispose]: async () => {
        if (!kept) rmSync(path, { force: true });
        await handle.close();
      },
    };
  }
}

/** Removes the temporary files whose writers are dead; says how many bytes that gave back. Where locks cannot be asked: none. */
export function removeDeadTempFiles(dir: string): number {
  if (!hasSystemCalls()) return 0;
  let bytes = 0;
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.startsWith(PREFIX) || !entry.name.endsWith(SUFFIX)) continue;
    bytes += removeIfDead(`${dir}/${entry.name}`);
  }
  return bytes;
}

function removeIfDead(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0; // renamed or removed meanwhile
    throw fromSystem(error, `cannot clean up ${path}`);
  }
  try {
    if (!tryLock(fd, 'exclusive')) return 0;
    const { size } = fstatSync(fd);
    rmSync(path, { force: true });
    return size;
  } finally {
    closeSync(fd);
  }
}

async function attempt<T>(doing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw fromSystem(error, doing);
  }
}
