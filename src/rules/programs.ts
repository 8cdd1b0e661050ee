/** Looking up a program as execvp(3) would. @module */
import { cleanPath, joinPath } from '../base/path.ts';
import type { FileNode } from '../model/node.ts';
import type { Hop } from '../model/resolve.ts';
import type { Files } from '../ports/files.ts';

const ANY_EXECUTE = 0o111;

export type ProgramLookup =
  | {
      readonly found: true;
      /** As the shell would print it: links not followed. */
      readonly as: string;
      readonly path: string;
      readonly node: FileNode;
      readonly hops: readonly Hop[];
    }
  | { readonly found: false; readonly tried: readonly string[] };

export interface ProgramLookupOptions {
  /** Value of PATH. */
  readonly path: string;
  /** Directory that relative paths start at; default `/`. */
  readonly workdir?: string | undefined;
}

/** A name with a slash is a path, whether it may be executed or not; any other is looked for in PATH, executables only. */
export async function findProgram(files: Files, name: string, options: ProgramLookupOptions): Promise<ProgramLookup> {
  const workdir = cleanPath(`/${options.workdir ?? ''}`);
  const direct = name.includes('/');
  const candidates = direct
    ? [joinPath(workdir, name)]
    : options.path.split(':').map((dir) => joinPath(joinPath(workdir, dir), name));
  for (const as of candidates) {
    const found = await files.resolve(as);
    if (found.kind === 'missing' || found.node.kind !== 'file') continue;
    if (!direct && (found.node.meta.mode & ANY_EXECUTE) === 0) continue;
    return { found: true, as, path: found.path, node: found.node, hops: found.hops };
  }
  return { found: false, tried: candidates };
}
