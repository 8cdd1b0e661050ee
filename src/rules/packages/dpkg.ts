/**
 * dpkg's database under /var/lib/dpkg, deb-control(5) and dpkg-query(1): `status`, and the lists of files in `info/`. As
 * distroless images have it too: one paragraph a file in `status.d/`, the files in `NAME.md5sums` beside it.
 * @module
 */
import { mapBounded } from '../../base/concurrency.ts';
import type { Files } from '../../ports/files.ts';
import { type Paragraph, paragraphs } from './deb822.ts';
import { readFileAt } from './read.ts';
import type { Package } from './types.ts';

const STATUS = '/var/lib/dpkg/status';
const STATUS_D = '/var/lib/dpkg/status.d';
const READS_AT_ONCE = 16;

const FIELDS: ReadonlySet<string> = new Set([
  'package',
  'status',
  'version',
  'architecture',
  'multi-arch',
  'source',
  'pre-depends',
  'depends',
  'provides',
  'conffiles',
]);

/** States in which a package's files are there, dpkg(1) "Package states". */
const PRESENT = /\s(?:installed|unpacked|half-configured|triggers-awaited|triggers-pending)$/;

export interface DpkgPackage extends Package {
  readonly kind: 'dpkg';
  /** Names of virtual packages it provides. */
  readonly provides: readonly string[];
  /** Source package and its version, which a rebuild for one architecture (`+b1`) does not change. */
  readonly build: string;
  /** Configuration files, in the order of the database. */
  readonly conffiles: readonly string[];
  /** `Multi-Arch: same`: installable for several architectures at once, which is why its list's name tells which. */
  readonly multiArchSame: boolean;
  /** Where distroless keeps its paragraph: its files are then listed beside it. Undefined for dpkg's own `status`. */
  readonly statusFile: string | undefined;
}

/** The packages whose files are there, by name; undefined where there is no such database. */
export async function readDpkgPackages(files: Files): Promise<readonly DpkgPackage[] | undefined> {
  const status = await readFileAt(files, STATUS);
  const distroless = await readStatusD(files);
  if (status === undefined && distroless.length === 0) return undefined;
  const found = status === undefined ? [] : [...paragraphs(status, { fields: FIELDS, what: STATUS })];
  const installed = found
    .filter((one) => PRESENT.test(one.get('status') ?? ''))
    .map((one) => toPackage(one, undefined));
  return [...installed, ...distroless]
    .filter((one) => one !== undefined)
    .sort((a, b) => (a.name === b.name ? compare(a.architecture, b.architecture) : compare(a.name, b.name)));
}

async function readStatusD(files: Files): Promise<(DpkgPackage | undefined)[]> {
  const names = ((await files.list(STATUS_D)) ?? []).filter((name) => !name.endsWith('.md5sums'));
  const each = await mapBounded(names, READS_AT_ONCE, async (name) => {
    const path = `${STATUS_D}/${name}`;
    const bytes = await readFileAt(files, path);
    const found = bytes === undefined ? [] : [...paragraphs(bytes, { fields: FIELDS, what: path })];
    return found.map((one) => toPackage(one, path));
  });
  return each.flat();
}

function toPackage(paragraph: Paragraph, statusFile: string | undefined): DpkgPackage | undefined {
  const name = paragraph.get('package');
  const version = paragraph.get('version');
  if (name === undefined || version === undefined) return undefined;
  const architecture = paragraph.get('architecture') ?? 'all';
  const [, source, sourceVersion] = /^([^\s(]+)(?:\s*\(([^)]*)\))?/.exec(paragraph.get('source') ?? '') ?? [];
  return {
    kind: 'dpkg',
    name,
    version,
    architecture,
    // Read when asked for: of a thousand packages, a few are.
    get depends() {
      return [...new Set(['pre-depends', 'depends'].flatMap((field) => relationNames(paragraph.get(field))))];
    },
    provides: relationNames(paragraph.get('provides')),
    source,
    build: `${source ?? name} ${sourceVersion ?? version}`,
    get conffiles() {
      return conffilesOf(paragraph.get('conffiles') ?? '');
    },
    multiArchSame: paragraph.get('multi-arch') === 'same',
    statusFile,
  };
}

/** `a (>= 1) | b:any, c [amd64]` → a, b, c: deb-control(5), "Depends". */
function relationNames(field: string | undefined): string[] {
  const names = (field ?? '').split(/[,|]/).map((one) => /^\s*([a-z0-9][a-z0-9+.-]*)/i.exec(one)?.[1]);
  return names.filter((name) => name !== undefined);
}

/** One a line: path, md5sum, and for one that the package ships no more `obsolete` or `remove-on-upgrade`. */
function conffilesOf(field: string): string[] {
  return field
    .split('\n')
    .map((line) => /^\s*(\/.*?)\s+(?:[0-9a-f]{32}|newconffile)$/.exec(line)?.[1])
    .filter((path) => path !== undefined);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
