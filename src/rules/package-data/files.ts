/** The files that a program speaks of, looked at. @module */
import type { Facts } from '../rule.ts';
import type { Candidate } from './choose.ts';
import type { Match } from './match.ts';
import type { Shipped } from './shipped.ts';

const ANY_EXECUTE = 0o111;

export interface ShippedFile extends Candidate {
  readonly mode: number;
  readonly isLink: boolean;
  /** A program outside PATH: an executable that is no data. */
  readonly helper: boolean;
  /** A shared object: the rule of plugins is about those. */
  readonly library: boolean;
}

/** Those that are there as files or links, with what decides about them. */
export async function filesAmong(matches: readonly Match[], shipped: Shipped, facts: Facts): Promise<ShippedFile[]> {
  const found: ShippedFile[] = [];
  for (const match of matches) {
    const node = await facts.files.lookup(match.path);
    if (node?.kind !== 'file' && node?.kind !== 'symlink') continue;
    const isLink = node.kind === 'symlink';
    const { mode } = node.meta;
    const outside = !/^\/(?:usr\/share|etc)\//.test(match.path);
    const library = /\.so(?:\.[\d.]+)?$/.test(match.path);
    const helper = outside && !library && (isLink || (mode & ANY_EXECUTE) !== 0);
    const size = isLink ? 0 : node.content.size;
    found.push({ ...match, size, own: shipped.own.has(match.path), mode, isLink, helper, library });
  }
  return found;
}

/** The text of a file without NUL bytes at its beginning. */
export async function textOf(path: string, facts: Facts): Promise<string | undefined> {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'file') return undefined;
  const head = await facts.files.read(found.node, { offset: 0, size: 512 });
  return head.includes(0) ? undefined : facts.text(path);
}
