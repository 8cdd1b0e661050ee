/** Bytes that have to be read twice, or at any position, and come once only: put into a file that has no name. @module */
import { constants, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdtemp, open, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fromSystem } from '../base/errors.ts';
import type { Run } from '../ports/run.ts';

/** A file without a name, open for reading: it is gone when it is closed, or when this process ends, however it ends. */
export interface Spool extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly size: number;
}

/**
 * @param what for messages: `standard input`
 * @throws ImageError IO (disk full), DENIED; whatever the bytes throw
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
    throw fromSystem(error, `cannot keep ${what} in ${spoolDirectory()}`, SPACE);
  }
  return { handle, size, [Symbol.asyncDispose]: () => handle.close() };
}

const SPACE = 'set TMPDIR to a directory with enough room';

/** `$TMPDIR`, else /var/tmp, since /tmp is often memory and archives are large. */
function spoolDirectory(): string {
  const standard = tmpdir();
  if (process.env['TMPDIR'] !== undefined) return standard;
  return statSync('/var/tmp', { throwIfNoEntry: false })?.isDirectory() ? '/var/tmp' : standard;
}

async function openNameless(what: string): Promise<FileHandle> {
  try {
    const dir = await mkdtemp(`${spoolDirectory()}/pare-`);
    try {
      return await open(`${dir}/spool`, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    } finally {
      rmSync(`${dir}/spool`, { force: true });
      await rmdir(dir);
    }
  } catch (error) {
    throw fromSystem(error, `cannot make a temporary file for ${what}`, SPACE);
  }
}
