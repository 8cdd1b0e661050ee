/**
 * From a script to the files of all modules that it imports, as the import system finds them (Python Language Reference, 5):
 * along a path of directories, packages as directories with or without `__init__.py`.
 * @module
 */
import { dirname } from '../../base/path.ts';
import type { Facts } from '../rule.ts';
import { findImports, type Import } from './imports.ts';

/** More modules than this are no script's own. */
const MOST_MODULES = 20_000;

export interface SearchPath {
  /** Physical paths of directories in the order of sys.path; zip archives are not looked into. */
  readonly directories: readonly string[];
  /** Of these, the ones for installed packages: what is imported from there is taken as a whole. */
  readonly packages: ReadonlySet<string>;
}

export interface Reached {
  /** Python files that are imported, by physical path, with the file that imports each first. */
  readonly sources: ReadonlyMap<string, string>;
  /** Extension modules, likewise. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Installed packages, as directories or single files: path → who imports it first. */
  readonly packages: ReadonlyMap<string, string>;
  /** Files in which a module is imported whose name is computed. */
  readonly dynamic: readonly string[];
  /** Absolute names that nothing was found for: built into the interpreter, optional, or missing. */
  readonly unresolved: ReadonlyMap<string, string>;
}

interface Walk {
  readonly facts: Facts;
  readonly path: SearchPath;
  readonly sources: Map<string, string>;
  readonly extensions: Map<string, string>;
  readonly packages: Map<string, string>;
  readonly dynamic: string[];
  readonly unresolved: Map<string, string>;
  readonly todo: string[];
}

/** @param start physical paths of the scripts, and of modules that are imported in any case */
export async function reachModules(start: readonly string[], path: SearchPath, facts: Facts): Promise<Reached> {
  const walk: Walk = {
    facts,
    path,
    sources: new Map(),
    extensions: new Map(),
    packages: new Map(),
    dynamic: [],
    unresolved: new Map(),
    todo: [...start],
  };
  const done = new Set<string>();
  for (let file = walk.todo.shift(); file !== undefined && done.size < MOST_MODULES; file = walk.todo.shift()) {
    if (done.has(file)) continue;
    done.add(file);
    const text = await facts.text(file);
    if (text === undefined) continue;
    const { imports, dynamic } = findImports(text);
    if (dynamic) walk.dynamic.push(file);
    for (const one of imports) await follow(walk, one, file);
  }
  return walk;
}

async function follow(walk: Walk, { module, level, names }: Import, from: string): Promise<void> {
  const parts = module === '' ? [] : module.split('.');
  if (level > 0) {
    let base = dirname(from);
    for (let up = 1; up < level; up++) base = dirname(base);
    await descend(walk, [base], [...parts], names, from);
    return;
  }
  const top = parts[0];
  if (top === undefined) return;
  const found = await descend(walk, walk.path.directories, parts, names, from);
  if (!found && !walk.unresolved.has(top)) walk.unresolved.set(top, from);
}

/** Follows a dotted name from the first of the directories that has its first part; says whether one has. */
async function descend(
  walk: Walk,
  directories: readonly string[],
  parts: readonly string[],
  names: readonly string[],
  from: string,
): Promise<boolean> {
  let places = directories;
  for (const [i, part] of parts.entries()) {
    const found = await locate(walk, places, part, from);
    if (found === undefined) return i > 0;
    if (found.directory === undefined) return true;
    places = [found.directory];
  }
  if (parts.length === 0 || places !== directories) {
    for (const name of names) await locate(walk, places, name, from);
  }
  return true;
}

/** Notes the module in the first of these directories that has it; a package gives the directory to go on in. */
async function locate(
  walk: Walk,
  places: readonly string[],
  name: string,
  from: string,
): Promise<{ readonly directory: string | undefined } | undefined> {
  for (const place of places) {
    const names = (await walk.facts.files.list(place)) ?? [];
    const file = names.find((one) => isModuleFile(one, name));
    const directory = names.includes(name) ? await packageAt(walk, `${place}/${name}`) : undefined;
    if (directory !== undefined && (directory.init !== undefined || file === undefined)) {
      noteInstalled(walk, place, `${place}/${name}`, from);
      if (directory.init !== undefined) await note(walk, walk.sources, directory.init, from);
      return { directory: directory.path };
    }
    if (file === undefined) continue;
    noteInstalled(walk, place, `${place}/${file}`, from);
    await note(walk, file.endsWith('.py') ? walk.sources : walk.extensions, `${place}/${file}`, from);
    return { directory: undefined };
  }
  return undefined;
}

async function packageAt({ facts }: Walk, path: string) {
  const found = await facts.files.resolve(path);
  if (found.kind === 'missing' || found.node.kind !== 'dir') return undefined;
  const hasInit = (await facts.files.list(found.path))?.includes('__init__.py') ?? false;
  return { path: found.path, init: hasInit ? `${found.path}/__init__.py` : undefined };
}

/** `name.py`, `name.so`, `name.abi3.so`, `name.cpython-311-x86_64-linux-gnu.so` */
function isModuleFile(file: string, name: string): boolean {
  if (!file.startsWith(`${name}.`)) return false;
  return /^\.(?:py|so|abi3\.so|cpython-\w+(?:-[\w-]+)?\.so)$/.test(file.slice(name.length));
}

function noteInstalled({ path, packages }: Walk, place: string, physical: string, from: string): void {
  if (path.packages.has(place) && !packages.has(physical)) packages.set(physical, from);
}

async function note(walk: Walk, into: Map<string, string>, path: string, from: string): Promise<void> {
  const found = await walk.facts.files.resolve(path);
  const physical = found.kind === 'found' ? found.path : path;
  if (walk.sources.has(physical) || walk.extensions.has(physical)) return;
  into.set(physical, from);
  if (into === walk.sources) walk.todo.push(physical);
}
