/** Which entries of a context a source of COPY selects, found without looking at any others. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { basename, dirname, splitPath } from '../../base/path.ts';
import { compileName, hasWildcards, pathBeforeWildcards } from '../../builders/dockerfile/copy/wildcards.ts';
import { didYouMean } from '../../formats/dockerfile/suggest.ts';
import type { NodeInfo } from '../../model/node.ts';
import { type Found, resolving } from '../../model/resolve.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';

export interface Selection {
  /** Physical paths of what is selected, each with all that is below it. */
  readonly paths: readonly string[];
  /** The directory, or the only entry, that all of it lies in but for where links lead; undefined where there is none. */
  readonly start: string | undefined;
  /** Directories and links on the way there, by physical path. */
  readonly way: ReadonlyMap<string, NodeInfo>;
}

/** A directory as far as it is asked for. */
export interface Places {
  /** What stands at exactly this path. @throws ImageError DENIED */
  lookup(path: string): NodeInfo | undefined;
  /** Names in a directory. @throws ImageError DENIED */
  list(path: string): readonly string[];
  /** How it is written in a Dockerfile, where this is the path that a file of the context has on this machine. */
  within?(path: string): string | undefined;
}

/**
 * Links are followed where the source names them, and where they are what it matches; wildcards follow none on their way.
 * @param pattern clean and absolute
 */
export function select(pattern: string, places: Places): Selection {
  const way = new Map<string, NodeInfo>();
  const paths = new Set<string>();
  const names = splitPath(pattern);
  const first = names.findIndex(hasWildcards);
  const literal = `/${names.slice(0, first < 0 ? names.length : first).join('/')}`;
  const start = followed(literal, places, way);
  const descend = (dir: string, [test, ...rest]: readonly ((name: string) => boolean)[]) => {
    if (test === undefined) return;
    for (const name of places.list(dir).filter(test)) {
      const path = `${dir === '/' ? '' : dir}/${name}`;
      const node = places.lookup(path);
      if (rest.length === 0) {
        const found = node?.kind === 'symlink' ? followed(path, places, way) : node && { path };
        if (found !== undefined) paths.add(found.path);
      } else if (node?.kind === 'dir') {
        way.set(path, node);
        descend(path, rest);
      }
    }
  };
  if (first < 0) {
    if (start !== undefined) paths.add(start.path);
  } else if (start?.node.kind === 'dir') descend(start.path, names.slice(first).map(compileName));
  return { paths: [...paths], start: start?.path, way };
}

/**
 * Before anything is copied. A wildcard need not match anything.
 * @returns whether there is anything to copy
 * @param isLeftOut whether it is there, and .dockerignore leaves it out
 * @throws ImageError NOT_FOUND, with what is near it by name
 */
export function assertThere(
  pattern: string,
  places: Places,
  isLeftOut: (path: string) => boolean = () => false,
): boolean {
  const path = pathBeforeWildcards(pattern);
  const way = new Map<string, NodeInfo>();
  if (followed(path, places, way) !== undefined) return path === pattern || select(pattern, places).paths.length > 0;
  const shown = `"${printableName(path)}"`;
  if (isLeftOut(path)) {
    throw new ImageError('NOT_FOUND', `${shown} is left out by .dockerignore`, {
      hint: `take the pattern away, or except the file: !${path.slice(1)}`,
    });
  }
  const link = way.get(path);
  if (link?.kind === 'symlink') {
    throw new ImageError('NOT_FOUND', `${shown} is not there: it is a link to ${printableName(link.target)}`);
  }
  const inside = places.within?.(path);
  if (inside !== undefined) {
    throw new ImageError('NOT_FOUND', `${shown} is not there: paths begin at the context`, { hint: `write ${inside}` });
  }
  const beside = followed(dirname(path), places, way);
  const near = beside?.node.kind === 'dir' ? didYouMean(basename(path), places.list(beside.path)) : undefined;
  throw new ImageError('NOT_FOUND', `${shown} is not there`, near === undefined ? {} : { hint: near });
}

export function treePlaces(tree: Tree): Places {
  return {
    lookup: (path) => nodeAt(tree, path),
    list: (path) => {
      const node = nodeAt(tree, path);
      return node?.kind === 'dir' ? node.names : [];
    },
  };
}

/** @param way is told what is passed */
function followed(path: string, places: Places, way: Map<string, NodeInfo>): Found | undefined {
  const steps = resolving(path);
  let step = steps.next();
  while (!step.done) {
    const node = places.lookup(step.value);
    if (node?.kind === 'dir' || node?.kind === 'symlink') way.set(step.value, node);
    step = steps.next(node);
  }
  return step.value.kind === 'found' ? step.value : undefined;
}
