/** What files of an image hold. @module */
import { printableName } from '../base/names.ts';
import { contentPieces } from '../model/layer/content-pieces.ts';
import type { FileNode, NodeInfo } from '../model/node.ts';
import type { Missing } from '../model/resolve.ts';
import type { Root } from '../ports/root.ts';
import { type Access, openRoot } from '../sources.ts';

export type CatPart =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** A path that cannot be shown, and why, as cat(1) puts it. */
  | { readonly kind: 'failure'; readonly path: string; readonly why: string };

/**
 * The files' bytes, one file behind the other. A piece is valid only until the next is asked for. Symbolic links are followed inside
 * the root; the program goes on behind a path that cannot be shown.
 * @throws ImageError where the root cannot be opened or its bytes cannot be read
 */
export async function* cat(reference: string, paths: readonly string[], access: Access): AsyncGenerator<CatPart> {
  await using root = await openRoot(reference, access);
  for (const path of paths) {
    const found = await fileAt(root, path);
    if (typeof found === 'string') yield { kind: 'failure', path: printableName(path), why: found };
    else for await (const bytes of contentPieces(found.content)) yield { kind: 'bytes', bytes };
  }
}

const MISSING: Readonly<Record<Missing['why'], string>> = {
  absent: 'No such file or directory',
  'not-a-directory': 'Not a directory',
  loop: 'Too many levels of symbolic links',
  'too-long': 'File name too long',
};

/** The file, or why there is none. */
async function fileAt({ files }: Root, path: string): Promise<FileNode | string> {
  const end = await files.resolve(path);
  if (end.kind === 'missing') return MISSING[end.why];
  return end.node.kind === 'file' ? end.node : `Is ${article(end.node)}`;
}

function article({ kind }: Exclude<NodeInfo, FileNode>): string {
  return kind === 'dir' ? 'a directory' : kind === 'fifo' ? 'a FIFO' : kind === 'symlink' ? 'a link' : 'a device';
}
