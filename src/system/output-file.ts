/** Where a file that pare writes goes: a file that appears whole or not at all, a device or pipe, or standard output. @module */
import { constants, renameSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fromSystem, ImageError } from '../base/errors.ts';
import { statsAt } from './stats.ts';
import { takeStdoutForArchive } from './stdout.ts';
import { createTempFile } from './temp-file.ts';

export interface OutputFile extends AsyncDisposable {
  /** For messages. */
  readonly shown: string;
  write(piece: Uint8Array): Promise<void>;
  /** Says that all has been written: gives a file its name. Without it, disposal leaves no file behind. */
  publish(): void;
}

/**
 * @param path `-` is standard output
 * @throws ImageError USAGE where standard output is a terminal; NOT_FOUND, DENIED, IO, CONFLICT (a directory is there)
 */
export async function openOutputFile(path: string): Promise<OutputFile> {
  if (path === '-') return standardOutput();
  const there = statsAt(path, `cannot write ${path}`);
  if (there?.isDirectory()) {
    throw new ImageError('CONFLICT', `${path} is a directory, and a file is to be written`, {
      hint: `write a file's name: ${path.replace(/\/+$/, '')}/image.tar`,
    });
  }
  return there === undefined || there.isFile() ? replacingFile(path) : direct(path);
}

async function replacingFile(path: string): Promise<OutputFile> {
  const dir = dirname(resolve(path));
  if (!statsAt(dir, `cannot write ${path}`)?.isDirectory()) {
    throw new ImageError('NOT_FOUND', `cannot write ${path}: there is no directory ${dir}`, {
      hint: `make it first: mkdir -p ${dir}`,
    });
  }
  const temp = await createTempFile(dir);
  return {
    shown: path,
    write: (piece) => writeTo(temp.handle, piece, path),
    publish: () => {
      try {
        renameSync(temp.path, path);
      } catch (error) {
        throw fromSystem(error, `cannot write ${path}`);
      }
      temp.keep();
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

/** A device or a pipe: what is written is gone. */
async function direct(path: string): Promise<OutputFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_WRONLY);
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`);
  }
  return {
    shown: path,
    write: (piece) => writeTo(handle, piece, path),
    publish: () => undefined,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function writeTo(handle: FileHandle, piece: Uint8Array, path: string): Promise<void> {
  try {
    await handle.writeFile(piece);
  } catch (error) {
    throw fromSystem(error, `cannot write ${path}`);
  }
}

function standardOutput(): OutputFile {
  const { stdout } = process;
  if (stdout.isTTY) {
    throw new ImageError('USAGE', 'an archive cannot be written to a terminal', {
      hint: 'send standard output to a file or a pipe, or name a file instead of "-"',
    });
  }
  takeStdoutForArchive();
  return {
    shown: 'standard output',
    write: (piece) =>
      new Promise((done, failed) => {
        // The stream keeps what it is given until it is written: the callback comes then.
        stdout.write(piece, (error) => {
          if (error) failed(fromSystem(error, 'cannot write standard output'));
          else done();
        });
      }),
    publish: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
