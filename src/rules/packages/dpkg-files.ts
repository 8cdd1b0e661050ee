/**
 * Which files a dpkg package has: `info/NAME.list` (one path a line, directories included, `/.` for the root), or for
 * distroless `status.d/NAME.md5sums` (md5sum, two spaces, a relative path); and what dpkg-divert(1) moved elsewhere.
 * @module
 */
import { decodeName } from '../../base/names.ts';
import type { Files } from '../../ports/files.ts';
import type { DpkgPackage } from './dpkg.ts';
import { readFileAt } from './read.ts';

const INFO = '/var/lib/dpkg/info';
const DIVERSIONS = '/var/lib/dpkg/diversions';
const NEWLINE = 0x0a;

export interface Diversion {
  readonly from: string;
  readonly to: string;
  /** The package whose own file stays at `from`; `:` for a local diversion. */
  readonly by: string;
}

/** Reads a package's list as lines of absolute paths; empty where the database has none. */
export type ListReader = (one: DpkgPackage) => Promise<Uint8Array>;

export function listReader(files: Files): ListReader {
  return async (one) => {
    if (one.statusFile !== undefined) return fromMd5sums(await readFileAt(files, `${one.statusFile}.md5sums`));
    const [plain, qualified] = [`${INFO}/${one.name}.list`, `${INFO}/${one.name}:${one.architecture}.list`];
    const [first, second] = one.multiArchSame ? [qualified, plain] : [plain, qualified];
    const node = (await files.lookup(first)) ?? (await files.lookup(second));
    return node?.kind === 'file' ? files.read(node) : new Uint8Array();
  };
}

/** Keeps the lines' paths and makes them absolute, without decoding them. */
function fromMd5sums(bytes: Buffer | undefined): Uint8Array {
  if (bytes === undefined) return new Uint8Array();
  const lines = bytes.toString('latin1').split('\n');
  const paths = lines
    .map((line) => /^[0-9a-f]{32} [ *](?:\.?\/)?(.+)$/.exec(line)?.[1])
    .filter((path) => path !== undefined);
  return Buffer.from(paths.map((path) => `/${path}\n`).join(''), 'latin1');
}

/** The paths of a list, in its order; the root, which each lists, left out. */
export function pathsOf(list: Uint8Array): string[] {
  const paths: string[] = [];
  for (let start = 0; start < list.length; ) {
    const found = list.indexOf(NEWLINE, start);
    const end = found < 0 ? list.length : found;
    const path = decodeName(list.subarray(start, end));
    if (path.startsWith('/') && path !== '/.') paths.push(path);
    start = end + 1;
  }
  return paths;
}

/** Three lines each: the path, where it went, who diverts it. A last one that is cut short is left out. */
export async function readDiversions(files: Files): Promise<readonly Diversion[]> {
  const bytes = await readFileAt(files, DIVERSIONS);
  const lines = bytes === undefined ? [] : decodeName(bytes).split('\n');
  const found: Diversion[] = [];
  for (let i = 0; i + 2 < lines.length; i += 3) {
    const [from, to, by] = lines.slice(i, i + 3);
    if (from?.startsWith('/') && to?.startsWith('/') && by) found.push({ from, to, by });
  }
  return found;
}
