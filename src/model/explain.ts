/** From evidence to answers: the chains of reasons behind a path, and why a path is not there. Pure. @module */
import { isWithin } from '../base/path.ts';
import type { Evidence, EvidenceFile, EvidenceLeft, EvidenceMiss, EvidenceReason } from './evidence.ts';

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

export function absenceOf(evidence: Evidence, path: string): Absence {
  return {
    left: evidence.left.filter((one) => one.path === path || isWithin(one.path, path)),
    missed: evidence.missing.filter(({ tried }) => tried.includes(path)),
  };
}
