/** Noting when something was used last. @module */
import { utimesSync } from 'node:fs';
import { systemCode } from '../base/errors.ts';

/** A note, and no more: what is gone meanwhile, or may not be written to, stays as it is. */
export function touch(path: string, time: Date): void {
  try {
    utimesSync(path, time, time);
  } catch (error) {
    if (!['ENOENT', 'EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) throw error;
  }
}
