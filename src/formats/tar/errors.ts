/** How errors in an archive are worded: what, at which offset, in which entry. @module */
import { type ErrorCode, ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';

const SHOWN = 200;

/**
 * @param offset of the header in the archive's uncompressed bytes
 * @param name of the entry, where it is known
 */
export function tarError(code: ErrorCode, what: string, offset: number, name?: string): ImageError {
  const entry = name === undefined || name === '' ? '' : ` of "${printableName(name.slice(0, SHOWN))}"`;
  return new ImageError(code, `tar archive: ${what} (header${entry} at byte ${offset})`);
}
