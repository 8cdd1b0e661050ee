/** Looking up a program as execvp(3) would. @module */
import { ImageError } from '../base/errors.ts';
import { cleanPath, joinPath } from '../base/path.ts';
import type { FileNode, NodeInfo } from '../model/node.ts';
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

const OTHERS: Readonly<Record<Exclude<NodeInfo['kind'], 'file' | 'symlink'>, string>> = {
  dir: 'is a directory',
  fifo: 'is a named pipe',
  char: 'is a device',
  block: 'is a device',
};

/**
 * What to tell a user who named a program that {@link findProgram} did not find.
 * @param path where a name with a slash leads
 * @param where as "in the source"
 */
export async function noProgram(files: Files, name: string, path: string, where: string): Promise<ImageError> {
  if (!name.includes('/')) {
    return new ImageError('NOT_FOUND', `there is no program ${name} ${where}`, {
      hint: 'give its path, or check --from',
    });
  }
  const found = await files.resolve(path);
  if (found.kind === 'found' && found.node.kind !== 'file' && found.node.kind !== 'symlink') {
    return new ImageError('USAGE', `${name} ${OTHERS[found.node.kind]}, and a program is wanted`, {
      hint: 'name a program; files beside it go in with --add',
    });
  }
  const hint = `give a path that is there ${where}`;
  if (found.kind === 'missing' && found.why === 'loop') {
    return new ImageError('NOT_FOUND', `there is no program ${name} ${where}: its links lead in a circle`, { hint });
  }
  const isLink = found.hops.length > 0 && (await files.resolve(path, { follow: false })).kind === 'found';
  const end = isLink && found.kind === 'missing' ? `: it is a link to ${found.at}, which is not there` : '';
  return new ImageError('NOT_FOUND', `there is no program ${name} ${where}${end}`, { hint });
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
