/** Text in a file's bytes, by how it begins. @module */
import type { Facts } from './rule.ts';

/**
 * For each place where one of the beginnings stands, the text from there on: the beginning and what follows, 256 bytes, one
 * character a byte. What ends it is for the caller to see: C ends its strings with a NUL, Go and Rust with nothing.
 *
 * @param path physical
 */
export async function occurrences(
  path: string,
  beginnings: readonly string[],
  { files, contents }: Pick<Facts, 'files' | 'contents'>,
): Promise<readonly string[]> {
  const node = await files.lookup(path);
  return node?.kind === 'file' ? contents.occurrences(node, beginnings) : [];
}
