/** Reading a database's files. @module */
import type { Files } from '../../ports/files.ts';

/** The whole file by the path a program would give; undefined where there is no regular file. */
export async function readFileAt(files: Files, path: string): Promise<Buffer | undefined> {
  const found = await files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file') return undefined;
  const bytes = await files.read(found.node);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
