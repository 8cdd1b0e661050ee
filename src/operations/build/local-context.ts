/** A directory of this machine that COPY and ADD take from: files are root's, and what .dockerignore leaves out is not looked at. @module */
import { type Digest, digestOf } from '../../base/digest.ts';
import type { Meta } from '../../model/node.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { fingerprintOf } from '../../system/fingerprint.ts';
import { breathe, type ContextReader, contextReader } from './context-reader.ts';
import type { Ignore } from './ignore.ts';
import { assertThere, select } from './selection.ts';

/** Of more entries than this that a wildcard matches, the directory they lie in is looked at instead. */
const MANY = 500;

export interface LocalContext {
  /**
   * What a source of COPY selects, and what leads there; all of it where none is named. Each is read once.
   * @param pattern clean and absolute
   */
  tree(pattern?: string): Promise<Tree>;
  /** Whether a source selects anything. @throws ImageError NOT_FOUND where what it names is not there; wildcards need not match */
  assertThere(pattern: string): boolean;
  /** What tells that what a source selects has not changed since it was read, or where it has not been, until now. */
  fingerprint(pattern: string): Promise<Digest | undefined>;
}

/** @param without path of a directory that is not looked at, from the context: `/a/b` */
export function localContext(
  directory: string,
  ignore: Ignore,
  run: Run,
  without: () => string | undefined = () => undefined,
): LocalContext {
  const trees = new Map<string, Promise<Tree>>();
  let time: number | undefined;
  let reading: ContextReader | undefined;
  const reader = () => (reading ??= contextReader(directory, leftOut(ignore, without()), run));
  const read = (pattern: string) => (pattern === '/' ? reader().all() : reader().part(select(pattern, reader())));
  return {
    tree: (pattern = '/') => {
      time ??= Date.now();
      const tree = trees.get('/') ?? trees.get(pattern) ?? read(pattern);
      trees.set(pattern, tree);
      return tree;
    },
    assertThere: (pattern) => assertThere(pattern, reader(), reader().isLeftOut),
    fingerprint: async (pattern) => {
      const { paths, start, way } = select(pattern, reader());
      if (start === undefined || paths.length === 0) return undefined;
      const options = { ignore: leftOut(ignore, without()), time: time ?? Date.now(), breathe: () => breathe(run) };
      const parts: unknown[] = [...way].map(([path, node]) => [
        path,
        node.kind === 'symlink' ? node.target : metaText(node),
      ]);
      for (const path of paths.length > MANY ? [start] : paths) {
        const part = await fingerprintOf(directory, { ...options, path });
        if (part === undefined) return undefined;
        parts.push([path, part]);
      }
      return digestOf(JSON.stringify(parts));
    },
  };
}

function metaText({ meta: { mode, xattrs } }: { readonly meta: Meta }): unknown {
  return [mode, ...[...(xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')])];
}

/** @param path of a directory, from the context: `/a/b` */
function leftOut(ignore: Ignore, path: string | undefined): Ignore {
  return path === undefined ? ignore : (one) => (`/${one}` === path ? 'out' : ignore(one));
}
