/**
 * Which package has a file. dpkg keeps no such index, only one list for each package: a machine has a thousand of them. Where
 * the owner can be guessed (by name, or among what earlier owners depend on) a few lists are read; a path that nobody has
 * costs a look through all; after some of these an index is made.
 * @module
 */
import { mapBounded } from '../../base/concurrency.ts';
import { encodeName } from '../../base/names.ts';
import { basename } from '../../base/path.ts';
import type { DpkgPackage } from './dpkg.ts';
import type { ListReader } from './dpkg-files.ts';
import { indexLines, type LineIndex } from './line-index.ts';
import type { PackageTable } from './memo.ts';

const READS_AT_ONCE = 16;

/** Looks through all lists that cost as much as making the index, as measured with 870 packages (3 ms against 85). */
const SCANS_BEFORE_INDEX = 24;

const NEWLINE = 0x0a;

/** Finds packages by a line of their list: a path, given in all its spellings. */
export interface ListSearch {
  /** Of a path that is no directory at most one package is the owner, whatever the order of looking. */
  ofFile(spellings: readonly string[]): Promise<DpkgPackage | undefined>;
  /** Of the packages that have a directory, the first by name. */
  ofDirectory(spellings: readonly string[]): Promise<DpkgPackage | undefined>;
  /** The first by name that lists exactly this, among those that the caller accepts. */
  first(path: string, accept: (one: DpkgPackage) => boolean): Promise<DpkgPackage | undefined>;
}

export function listSearch(table: PackageTable<DpkgPackage>, read: ListReader): ListSearch {
  const { packages } = table;
  const texts = new Map<DpkgPackage, Promise<Uint8Array>>();
  const textOf = (one: DpkgPackage) => {
    let text = texts.get(one);
    if (text === undefined) {
      text = read(one);
      texts.set(one, text);
    }
    return text;
  };
  const has = async (one: DpkgPackage, lines: readonly Uint8Array[]) => {
    const list = await textOf(one);
    return lines.some((line) => hasLine(list, line));
  };
  /** Owners found so far, the latest first: its neighbours are the likeliest owners of the next path. */
  let owners: DpkgPackage[] = [];
  let scans = 0;
  let index: Promise<LineIndex> | undefined;

  const scan = async (lines: readonly Uint8Array[]): Promise<DpkgPackage | undefined> => {
    if (++scans > SCANS_BEFORE_INDEX) {
      index ??= mapBounded(packages, READS_AT_ONCE, textOf).then(indexLines);
      const { find } = await index;
      return packages[lines.map(find).find((at) => at >= 0) ?? -1];
    }
    const lists = await mapBounded(packages, READS_AT_ONCE, textOf);
    return packages[lists.findIndex((list) => lines.some((line) => hasLine(list, line)))];
  };

  return {
    first: async (path, accept) => {
      for (const one of packages) if (accept(one) && (await has(one, [encodeName(path)]))) return one;
      return undefined;
    },
    ofDirectory: (spellings) => scan(spellings.map(encodeName)),
    ofFile: async (spellings) => {
      const lines = spellings.map(encodeName);
      if (index !== undefined) return scan(lines);
      let owner: DpkgPackage | undefined;
      for (const one of likelyOwners(spellings, owners, table)) {
        if (!(await has(one, lines))) continue;
        owner = one;
        break;
      }
      owner ??= await scan(lines);
      if (owner !== undefined) owners = [owner, ...owners.filter((other) => other !== owner)];
      return owner;
    },
  };
}

/**
 * Earlier owners, then packages of a like name, then what the earlier owners depend on, the nearer first; at last those whose
 * names begin with the same word, as redis-tools, which has redis-check-rdb.
 */
function* likelyOwners(
  [path = '/']: readonly string[],
  owners: readonly DpkgPackage[],
  table: PackageTable<DpkgPackage>,
): Generator<DpkgPackage> {
  const seen = new Set<DpkgPackage>();
  const guesses = guessedNames(path)
    .map((name) => table.find(name))
    .filter((one) => one !== undefined);
  for (const one of [...owners, ...guesses]) {
    if (!seen.has(one)) yield one;
    seen.add(one);
  }
  for (const one of seen) {
    for (const name of one.depends) {
      const next = table.find(name);
      if (next === undefined || seen.has(next)) continue;
      seen.add(next);
      yield next;
    }
  }
  const word = /^[a-z]{3,}/.exec(basename(path).toLowerCase())?.[0] ?? path;
  for (const one of table.packages) {
    if (one.name.startsWith(word) && !seen.has(one)) yield one;
  }
}

/** Directories of /usr/share whose package has another name. */
const OTHER_NAMES: Readonly<Record<string, string>> = { zoneinfo: 'tzdata', i18n: 'locales', mime: 'shared-mime-info' };

/**
 * `libssl.so.3.0.1` → libssl3.0.1, libssl3.0, libssl3, each also with a dash (Debian policy 8.1); `a-b.c` → a-b.c, a-b, a;
 * and the name of the directory it has below /usr/share, /usr/lib and the like. What stands near the root is the base's.
 */
function guessedNames(path: string): string[] {
  const name = basename(path).toLowerCase();
  if (path.split('/').length <= 3) return ['base-files', ...shortened(name, /[-._]/)];
  const directory = path
    .split('/', 5)
    .slice(3, 4)
    .map((one) => OTHER_NAMES[one] ?? one);
  const [, stem, version] = /^(.+)\.so\.([0-9.]+)$/.exec(name) ?? [];
  if (stem === undefined || version === undefined) return [...shortened(name, /[-._]/), ...directory];
  return shortened(version, /\./).flatMap((each) => [`${stem}${each}`, `${stem}-${each}`, `${stem}${each}t64`]);
}

/** The text, and what is left of it as its parts are dropped from the end. */
function shortened(text: string, separator: RegExp): string[] {
  const parts = text.split(separator);
  return parts.map((_, i) => text.slice(0, parts.slice(0, parts.length - i).join(' ').length));
}

/** Whether one of the lines is this one. */
function hasLine(list: Uint8Array, line: Uint8Array): boolean {
  const text = Buffer.from(list.buffer, list.byteOffset, list.length);
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + 1)) {
    const end = at + line.length;
    if ((at === 0 || text[at - 1] === NEWLINE) && (end === text.length || text[end] === NEWLINE)) return true;
  }
  return false;
}
