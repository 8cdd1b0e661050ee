/** Text in a file's bytes, by how it begins: for libraries and programs of any size, read once and in pieces. @module */
import type { Facts } from './rule.ts';

const PIECE = 4 * 1024 * 1024;
const LENGTH = 256;

/** More occurrences than this say nothing more. */
const MOST = 1000;

/**
 * For each place where one of the beginnings stands, the text from there on: the beginning and what follows, 256 bytes, one
 * character a byte. What ends it is for the caller to see: C ends its strings with a NUL, Go and Rust with nothing.
 *
 * @param path physical
 */
export async function occurrences(
  path: string,
  beginnings: readonly string[],
  { files }: Pick<Facts, 'files'>,
): Promise<readonly string[]> {
  const node = await files.lookup(path);
  const found: string[] = [];
  if (node?.kind !== 'file') return found;
  for (let offset = 0; offset < node.content.size; offset += PIECE) {
    const bytes = await files.read(node, { offset, size: PIECE + LENGTH });
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const beginning of beginnings) {
      for (let at = piece.indexOf(beginning); at >= 0 && at < PIECE; at = piece.indexOf(beginning, at + 1)) {
        if (found.length >= MOST) return found;
        found.push(piece.toString('latin1', at, at + LENGTH));
      }
    }
  }
  return found;
}
