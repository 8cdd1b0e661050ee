/** Small files that a build is told about: Dockerfiles, ignore files, secrets. Pipes are as good as files: `-f <(generate)`. @module */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fromSystem, ImageError, systemCode } from '../../base/errors.ts';
import { collect } from '../../base/stream.ts';
import type { Run } from '../../ports/run.ts';
import { readPipe } from '../../system/pipe.ts';

export interface SmallFile {
  /** For messages: `the Dockerfile`. */
  readonly what: string;
  /** Most bytes. */
  readonly limit: number;
  /** What to do where it is not there, or is a directory. */
  readonly hint?: string;
}

/** @throws ImageError NOT_FOUND, DENIED, IO; USAGE for a directory; LIMIT */
export async function readSmallFile(path: string, { what, limit, hint }: SmallFile, run: Run): Promise<Uint8Array> {
  const shown = `${what} ${path === '' ? '""' : path}`;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) {
      throw new ImageError('USAGE', `${shown} is a directory`, hint === undefined ? {} : { hint });
    }
    const { signal } = run;
    const bytes = stats.isFIFO() ? readPipe(path, signal) : createReadStream(path, { signal: signal ?? undefined });
    return await collect(bytes as AsyncIterable<Uint8Array>, limit, shown);
  } catch (error) {
    run.signal?.throwIfAborted();
    throw fromSystem(error, `cannot read ${shown}`, systemCode(error) === 'ENOENT' ? hint : undefined);
  }
}
