/** How errors in an archive are worded: what, at which offset, in which entry. @module */
import { type ErrorCode, ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';

/**
 * @param offset of the header in the archive's uncompressed bytes
 * @param name of the entry, where it is known
 */
export function tarError(code: ErrorCode, what: string, offset: number, name?: string): ImageError {
  const entry = name === undefined || name === '' ? '' : ` of "${shownName(name)}"`;
  return new ImageError(code, `tar archive: ${what} (header${entry} at byte ${offset})`);
}

/** For whoever knows the name, but not where it is. */
export function malformed(what: string, name: string): ImageError {
  return new ImageError('INVALID', `malformed ${what} of "${shownName(name)}"`);
}

/** As much of a name as a message bears. */
export function shownName(name: string): string {
  return printableName(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
