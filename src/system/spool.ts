/** Bytes that have to be read twice, or at any position, and come once only: put into a file that has no name. @module */
import { randomBytes } from 'node:crypto';
import { constants, rmSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fromSystem, ImageError, placed, systemCode } from '../base/errors.ts';
import type { Run } from '../ports/run.ts';

/** A file without a name, open for reading: it is gone when it is closed, or when this process ends, however it ends. */
export interface Spool extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly size: number;
}

/**
 * @param what for messages: `standard input`
 * @throws ImageError IO (disk full), DENIED; whatever the bytes throw, with what they are in front
 */
export async function spool(bytes: AsyncIterable<Uint8Array>, what: string, run: Run = {}): Promise<Spool> {
  const handle = await openNameless(what);
  let size = 0;
  try {
    for await (const piece of bytes) {
      run.signal?.throwIfAborted();
      await handle.writeFile(piece);
      size += piece.length;
      run.report?.({ type: 'bytes', label: `reading ${what}`, done: size });
    }
  } catch (error) {
    await handle.close();
    if (error instanceof ImageError) throw placed(error, what);
    throw fromSystem(error, `cannot keep ${what} in ${spoolDirectory()}`, SPACE);
  }
  return { handle, size, [Symbol.asyncDispose]: () => handle.close() };
}

export const SPACE = 'set TMPDIR to a directory with enough room';

/** `$TMPDIR`, else /var/tmp, since /tmp is often memory and archives are large. */
function spoolDirectory(): string {
  const standard = tmpdir();
  if (process.env['TMPDIR'] !== undefined) return standard;
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() ? '/var/tmp' : standard;
}

/** __O_TMPFILE of asm-generic/fcntl.h: a file that never had a name, so that not even a kill at this moment leaves one. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const READ_WRITE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;

/** An empty file for reading and writing. @param what it is for, for messages */
export async function openNameless(what: string): Promise<FileHandle> {
  const dir = spoolDirectory();
  try {
    return await open(dir, O_TMPFILE | constants.O_RDWR, 0o600);
  } catch (error) {
    // File systems without such files, kernels without such a flag, other systems.
    if (!['EOPNOTSUPP', 'EISDIR', 'EINVAL', 'ENOENT'].includes(systemCode(error) ?? '')) throw unspoolable(error, what);
  }
  const path = `${dir}/.pare-${randomBytes(9).toString('base64url')}`;
  try {
    const handle = await open(path, READ_WRITE, 0o600);
    rmSync(path, { force: true });
    return handle;
  } catch (error) {
    throw unspoolable(error, what);
  }
}

function unspoolable(error: unknown, what: string): ImageError {
  return fromSystem(error, `cannot make a temporary file for ${what} in ${spoolDirectory()}`, SPACE);
}
