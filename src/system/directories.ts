/** Making directories. @module */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../base/errors.ts';

/**
 * Makes a directory and those above it; says whether it was made now. Not `mkdirSync` with `recursive`, which never returns
 * where a file system refuses to make anything with ENOENT, as /proc does.
 * @throws a system error
 */
export function makeDirectories(path: string, mode = 0o777): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
  }
  makeDirectories(dirname(path));
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (systemCode(error) !== 'EEXIST') throw error;
    return false;
  }
  return true;
}
