/** Whether something can be written at a path, asked before there is anything to write. @module */
import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fromSystem, ImageError } from '../base/errors.ts';
import { statsAt } from './stats.ts';

/** Those above it are made where they are missing. @throws ImageError CONFLICT where something else is in the way; DENIED, IO */
export function assertWritableDirectory(path: string): void {
  const doing = `cannot write to ${path}`;
  let at = resolve(path);
  for (;;) {
    const stats = statsAt(at, doing);
    if (stats?.isDirectory()) break;
    if (stats !== undefined) throw new ImageError('CONFLICT', `${doing}: ${at} is no directory`);
    at = dirname(at);
  }
  assertAccess(at, constants.W_OK | constants.X_OK, doing);
}

/** What is there is written over, and no directory is made. @throws ImageError CONFLICT for a directory; NOT_FOUND, DENIED, IO */
export function assertWritableFile(path: string): void {
  const doing = `cannot write ${path}`;
  const stats = statsAt(path, doing);
  if (stats?.isDirectory())
    throw new ImageError('CONFLICT', `${doing}: it is a directory, and a file is to be written`);
  if (stats !== undefined) {
    assertAccess(path, constants.W_OK, doing);
    return;
  }
  const dir = dirname(resolve(path));
  if (!statsAt(dir, doing)?.isDirectory()) {
    throw new ImageError('NOT_FOUND', `${doing}: there is no directory ${dir}`, {
      hint: `make it first: mkdir -p ${dir}`,
    });
  }
  assertAccess(dir, constants.W_OK | constants.X_OK, doing);
}

function assertAccess(path: string, mode: number, doing: string): void {
  try {
    accessSync(path, mode);
  } catch (error) {
    throw fromSystem(error, doing);
  }
}
