/** What a blob is compressed with, by its first bytes. @module */

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  // RFC 1952, section 2.3.1
  ['gzip', [0x1f, 0x8b, 0x08]],
  // RFC 8878, sections 3.1.1 and 3.1.2; zstd:chunked layers may begin with a skippable frame
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** How many bytes {@link detectCompression} looks at. */
export const DETECTION_BYTES = 6;

export function detectCompression(firstBytes: Uint8Array): Compression {
  const starts = (magic: readonly number[]) => magic.every((byte, i) => firstBytes[i] === byte);
  const found = MAGIC.find(([, magic]) => starts(magic));
  if (found !== undefined) return found[0];
  const [low = 0, ...rest] = firstBytes;
  return low >= 0x50 && low <= 0x5f && [0x2a, 0x4d, 0x18].every((byte, i) => rest[i] === byte) ? 'zstd' : 'none';
}
