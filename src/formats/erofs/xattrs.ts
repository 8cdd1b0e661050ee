/**
 * Extended attributes behind an inode (`struct erofs_xattr_ibody_header` and `struct erofs_xattr_entry` of the kernel's
 * fs/erofs/erofs_fs.h).
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { encodeName } from '../../base/names.ts';

/** The number that stands for the beginning of a name. Linux has no other names on its own file systems. */
const PREFIXES: readonly (readonly [prefix: string, index: number])[] = [
  ['user.', 1],
  ['trusted.', 4],
  ['security.', 6],
];
const WHOLE_NAMES: Readonly<Record<string, number>> = {
  'system.posix_acl_access': 2,
  'system.posix_acl_default': 3,
};

const HEADER = 12;
const ENTRY = 4;
const LONGEST_NAME = 0xff;
const LARGEST_VALUE = 0xffff;
/** The inode says their size in words of four bytes. */
const LARGEST = HEADER + 4 * (0xffff - 1);

const NONE = Buffer.alloc(0);

/**
 * All of them, in order of the map; nothing where there are none. What no file system of Linux has (other namespaces) is left out.
 * @returns a multiple of four bytes
 * @throws ImageError UNSUPPORTED for one that is too large
 */
export function encodeXattrs(xattrs: ReadonlyMap<string, Uint8Array> | undefined): Buffer {
  const entries = [...(xattrs ?? [])].flatMap(([name, value]) => encodeEntry(name, value));
  if (entries.length === 0) return NONE;
  const bytes = Buffer.concat([Buffer.alloc(HEADER), ...entries]);
  if (bytes.length > LARGEST) throw tooLarge('the attributes of a file', bytes.length, LARGEST);
  return bytes;
}

/** What an inode says of it: 0 for none, else one more than the words behind the header. */
export function xattrCount(size: number): number {
  return size === 0 ? 0 : (size - HEADER) / 4 + 1;
}

function encodeEntry(name: string, value: Uint8Array): readonly Buffer[] {
  const known = indexed(name);
  if (known === undefined) return [];
  const rest = encodeName(known.rest);
  if (rest.length > LONGEST_NAME) throw tooLarge(`the name of the attribute ${name}`, rest.length, LONGEST_NAME);
  if (value.length > LARGEST_VALUE) throw tooLarge(`the attribute ${name}`, value.length, LARGEST_VALUE);
  const bytes = Buffer.alloc(aligned(ENTRY + rest.length + value.length));
  bytes.writeUInt8(rest.length, 0);
  bytes.writeUInt8(known.index, 1);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(rest, ENTRY);
  bytes.set(value, ENTRY + rest.length);
  return [bytes];
}

function indexed(name: string): { readonly index: number; readonly rest: string } | undefined {
  const whole = WHOLE_NAMES[name];
  if (whole !== undefined) return { index: whole, rest: '' };
  const found = PREFIXES.find(([prefix]) => name.startsWith(prefix) && name.length > prefix.length);
  return found && { index: found[1], rest: name.slice(found[0].length) };
}

const aligned = (size: number): number => Math.ceil(size / 4) * 4;

function tooLarge(what: string, size: number, limit: number): ImageError {
  return new ImageError('UNSUPPORTED', `${what} has ${size} bytes, and EROFS holds ${limit}`);
}
