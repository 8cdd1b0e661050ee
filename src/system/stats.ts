/** What is at a path, if anything. @module */
import { type Stats, statSync } from 'node:fs';
import { fromSystem, systemCode } from '../base/errors.ts';

/**
 * Links are followed; undefined where nothing is there. What lies below a file is not there either.
 * @param doing what it is looked at for, as "cannot write /x"
 * @throws ImageError DENIED, IO: it cannot be told what is there
 */
export function statsAt(path: string, doing: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fromSystem(error, doing);
  }
}
