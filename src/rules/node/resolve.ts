/**
 * Finding what a specifier stands for: Node.js documentation, "Modules: CommonJS modules", "All together", and "Modules:
 * Packages". Packages are found as directories; which of their files is meant makes no difference, they are kept as a whole.
 * @module
 */
import { dirname, joinPath } from '../../base/path.ts';
import type { Facts } from '../rule.ts';

const EXTENSIONS = ['', '.js', '.json', '.node', '.mjs', '.cjs'];
const INDEXES = ['index.js', 'index.json', 'index.node', 'index.mjs', 'index.cjs'];

/** Where distributions put packages for all programs (Debian's patch to lib/internal/modules/cjs/loader.js). */
const GLOBAL = ['/usr/share/nodejs', '/usr/lib/nodejs', '/usr/local/lib/node_modules'];

/** The file that a relative or absolute specifier means, as it is named: links on the way count. */
export async function resolveFile(specifier: string, from: string, facts: Facts): Promise<string | undefined> {
  const base = joinPath(dirname(from), specifier.replace(/[?#].*$/, ''));
  for (const extension of EXTENSIONS) {
    const found = await facts.files.resolve(base + extension);
    if (found.kind === 'found' && found.node.kind === 'file') return base + extension;
    // TypeScript's habit: the source says ./x.js, the file beside it is x.ts; only what is there can run.
  }
  return resolveDirectory(base, facts);
}

async function resolveDirectory(directory: string, facts: Facts): Promise<string | undefined> {
  const found = await facts.files.resolve(directory);
  if (found.kind === 'missing' || found.node.kind !== 'dir') return undefined;
  const { main } = await readPackage(directory, facts);
  const names = main === undefined ? INDEXES : [main, `${main}.js`, `${main}/index.js`, ...INDEXES];
  for (const name of names) {
    const path = joinPath(directory, name);
    const file = await facts.files.resolve(path);
    if (file.kind === 'found' && file.node.kind === 'file') return path;
  }
  return undefined;
}

/** The directory of an installed package, as it is named; undefined for a built-in module and for what is not there. */
export async function resolvePackage(name: string, from: string, facts: Facts): Promise<string | undefined> {
  const given = (facts.env['NODE_PATH'] ?? '').split(':').filter((path) => path.startsWith('/'));
  const places: string[] = [];
  for (let dir = dirname(from); ; dir = dirname(dir)) {
    if (!dir.endsWith('/node_modules')) places.push(joinPath(dir, 'node_modules'));
    if (dir === '/') break;
  }
  for (const place of [...places, ...given, ...GLOBAL]) {
    for (const path of [joinPath(place, name), joinPath(place, `${name}.js`)]) {
      if ((await facts.files.resolve(path)).kind === 'found') return path;
    }
  }
  return undefined;
}

/** `@scope/pkg/sub` → `@scope/pkg` */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export interface PackageFile {
  readonly main: string | undefined;
  /** Names of packages that it needs, optional and peer ones included: those that are there are there for a reason. */
  readonly dependencies: readonly string[];
}

export async function readPackage(directory: string, facts: Facts): Promise<PackageFile> {
  const parsed = parse(await facts.text(joinPath(directory, 'package.json')));
  const tables = [parsed['dependencies'], parsed['optionalDependencies'], parsed['peerDependencies']];
  const { main } = parsed;
  return {
    main: typeof main === 'string' ? main : undefined,
    dependencies: [...new Set(tables.flatMap((table) => (isObject(table) ? Object.keys(table) : [])))],
  };
}

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isObject(value) ? value : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The nearest directory at or above the file's that has a `package.json`; undefined where none has. */
export async function packageRoot(file: string, facts: Facts): Promise<string | undefined> {
  for (let dir = dirname(file); ; dir = dirname(dir)) {
    if ((await facts.files.resolve(joinPath(dir, 'package.json'))).kind === 'found') return dir;
    if (dir === '/' || dir.endsWith('/node_modules')) return undefined;
  }
}
