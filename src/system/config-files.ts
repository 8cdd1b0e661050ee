/** Reading small configuration files, which are there or not. @module */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { fromSystem, ImageError, systemCode } from '../base/errors.ts';

/** More than any of them has. */
const LIMIT = 4 * 1024 * 1024;

/** Undefined where there is no such file. @throws ImageError DENIED, IO; LIMIT; INVALID for what is no file */
export function readConfigFile(path: string): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
  try {
    const stat = fstatSync(fd);
    // /dev/null and pipes (`<(…)` of a shell) are read as well.
    if (stat.isDirectory()) throw new ImageError('INVALID', `${path} is a directory, and a file is expected there`);
    if (stat.size > LIMIT)
      throw new ImageError('LIMIT', `${path} has ${stat.size} bytes; more than ${LIMIT} are not read`);
    return readFileSync(fd);
  } catch (error) {
    throw fromSystem(error, `cannot read ${path}`);
  } finally {
    closeSync(fd);
  }
}

/** Names in a directory, sorted; undefined where there is none. @throws ImageError DENIED, IO */
export function listConfigDirectory(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw fromSystem(error, `cannot read ${path}`);
  }
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
}
