/** From evidence to answers: the chains of reasons behind a path, and why a path is not there. Pure. @module */
import { isWithin, joinPath } from '../base/path.ts';
import type { Evidence, EvidenceFile, EvidenceLeft, EvidenceMiss, EvidenceReason } from './evidence.ts';
import { resolve } from './resolve.ts';
import type { Tree } from './tree.ts';

/** A file and why it is there, down to what the user asked for. */
export interface Chain {
  readonly file: EvidenceFile;
  readonly links: readonly ChainLink[];
  /** Its reasons have been told further up: then there are no links here. */
  readonly repeated: boolean;
}

export interface ChainLink {
  readonly reason: EvidenceReason;
  /** The file that causes it; undefined where the chain ends. */
  readonly from: Chain | undefined;
}

export interface ChainOptions {
  /** Every reason of every file; default only the strongest of files behind the first. */
  readonly all?: boolean;
}

/** The reasons of one file as a tree; undefined where the evidence does not know the path. */
export function chainOf(evidence: Evidence, path: string, { all = false }: ChainOptions = {}): Chain | undefined {
  const files = new Map(evidence.files.map((file) => [file.path, file]));
  const told = new Set<string>();
  const grow = (file: EvidenceFile, first: boolean): Chain => {
    if (told.has(file.path)) return { file, links: [], repeated: file.reasons.length > 0 };
    told.add(file.path);
    const reasons = first || all ? file.reasons : file.reasons.slice(0, 1);
    const links = reasons.map((reason) => {
      const from = reason.from === undefined ? undefined : files.get(reason.from);
      return { reason, from: from === undefined ? undefined : grow(from, false) };
    });
    return { file, links, repeated: false };
  };
  const file = files.get(path);
  return file === undefined ? undefined : grow(file, true);
}

/** Files of the evidence at or below a directory, in order. */
export function filesBelow(evidence: Evidence, dir: string): readonly EvidenceFile[] {
  return evidence.files.filter(({ path }) => path !== dir && isWithin(path, dir));
}

/** What the evidence says of a path that is not in the image. */
export interface Absence {
  /** It was there, and was left out. */
  readonly left: readonly EvidenceLeft[];
  /** It was looked for, and was not there. */
  readonly missed: readonly EvidenceMiss[];
}

/** @param paths the ways to write one path */
export function absenceOf(evidence: Evidence, paths: readonly string[]): Absence {
  return {
    left: evidence.left.filter((one) => paths.some((path) => isWithin(one.path, path))),
    missed: evidence.missing.filter(({ tried }) => paths.some((path) => tried.includes(path))),
  };
}

/** Directories that /usr has taken in: there are links in their places (file-hierarchy(7), "Compatibility Symlinks"). */
const MERGED = /^\/(?:bin|sbin|lib(?:32|64|x32)?)\//;

/**
 * The path as it is written, as the tree's links have it, and on the other side of a /usr that may be merged or not: evidence
 * knows files by where they really are, or were.
 */
export function spellings(tree: Tree, path: string): readonly string[] {
  const found = resolve(tree, path, { follow: false });
  const physical = found.kind === 'found' ? found.path : joinPath(found.at, found.rest.join('/'));
  const other = (one: string) => {
    if (MERGED.test(one)) return [`/usr${one}`];
    return one.startsWith('/usr/') && MERGED.test(one.slice(4)) ? [one.slice(4)] : [];
  };
  return [...new Set([path, physical, ...other(path), ...other(physical)])];
}
