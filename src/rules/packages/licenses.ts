/**
 * Under which licences a package's files are. rpm and apk have a field for it; Debian packages a text,
 * /usr/share/doc/PACKAGE/copyright, in most of them machine-readable (copyright-format 1.0, "DEP 5").
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import type { Files } from '../../ports/files.ts';
import { type Paragraph, paragraphs } from './deb822.ts';
import { readFileAt } from './read.ts';
import type { Package } from './types.ts';

export interface PackageLicenses {
  /**
   * - `stated`: a field of the database, or a machine-readable copyright file, says so;
   * - `referred`: the copyright file refers to these texts of /usr/share/common-licenses, and may say more.
   */
  readonly basis: 'stated' | 'referred';
  /** Licence expressions as the package writes them (`GPL-2+ with OpenSSL exception`), each once, sorted. */
  readonly names: readonly string[];
}

/** Undefined where nothing tells. */
export async function licensesOf(files: Files, one: Package): Promise<PackageLicenses | undefined> {
  if (one.license !== undefined) return { basis: 'stated', names: [one.license] };
  if (one.kind !== 'dpkg') return undefined;
  const bytes = await readFileAt(files, `/usr/share/doc/${one.name}/copyright`);
  if (bytes === undefined) return undefined;
  const stated = isMachineReadable(bytes) ? statedNames(bytes) : [];
  if (stated.length > 0) return { basis: 'stated', names: stated };
  const referred = referredNames(bytes.toString('utf8'));
  return referred.length > 0 ? { basis: 'referred', names: referred } : undefined;
}

function isMachineReadable(bytes: Buffer): boolean {
  return /^(?:\s*#.*\n)*Format(?:-Specification)?:\s*\S/i.test(bytes.toString('utf8', 0, 1000));
}

/** First lines of the licence fields of the header and of each `Files` paragraph. */
function statedNames(bytes: Buffer): string[] {
  const names: string[] = [];
  for (const paragraph of readable(bytes)) {
    const name = paragraph.get('license')?.split('\n', 1)[0]?.trim();
    const isText = !paragraph.has('files') && !paragraph.has('format') && !paragraph.has('format-specification');
    if (name !== undefined && name !== '' && !isText) names.push(name);
  }
  return sortedOnce(names);
}

/** Many of these files are written by hand: one that breaks its format counts as prose. */
function readable(bytes: Buffer): Paragraph[] {
  try {
    return [...paragraphs(bytes, { what: 'copyright' })];
  } catch (error) {
    if (error instanceof ImageError && error.code === 'INVALID') return [];
    throw error;
  }
}

function referredNames(text: string): string[] {
  const found = text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9][A-Za-z0-9.+-]*[A-Za-z0-9+])/g);
  return sortedOnce([...found].map(([, name]) => name as string));
}

function sortedOnce(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
