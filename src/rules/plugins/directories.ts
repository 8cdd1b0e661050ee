/**
 * Directories of modules: a program or library names one among its strings, and shared objects lie in it. What they are for is
 * known to whoever reads them, an index of theirs beside them.
 * @module
 */
import { basename, cleanPath, dirname, joinPath } from '../../base/path.ts';
import type { Facts, Requirement, Strength, Subject } from '../rule.ts';

/** Directories of all libraries, of which the loader knows, and those that other rules speak for. */
const NOT_FOR_MODULES =
  /^(?:\/usr)?(?:\/local)?\/lib(?:32|64|x32)?(?:\/[\w]+-linux-[\w]+)?$|\/(?:gconv|engines-[\w.]+|ossl-modules|security|perl\w*|python[\d.]*|lib-dynload|nodejs|audit)(?:\/|$)/;

/** Functions that read a directory: who calls one looks at all modules there; who does not, loads the one it is told to. */
const READS_DIRECTORIES = ['opendir', 'scandir', 'scandir64', 'fts_open', 'fts64_open', 'glob', 'glob64', 'g_dir_open'];

/** Functions that load a module; libltdl and GLib wrap dlopen(3). */
const LOADS = /^(?:dlopen|dlmopen|g_module_open(?:_full)?|lt_dlopen\w*|apr_dso_load)$/;

export async function moduleDirectoryWants(subject: Subject, facts: Facts): Promise<Requirement[]> {
  if (![...(await facts.symbols(subject.path))].some((name) => LOADS.test(name))) return [];
  const directories = await namedDirectories(subject, facts);
  if (directories.length === 0) return [];
  const all: Requirement[] = [];
  for (const directory of directories) {
    const content = await modulesIn(directory, facts);
    if (content.modules.length === 0) continue;
    const strength = await strengthOf(subject, content, facts);
    const because = `names ${directory}, a directory of modules`;
    for (const path of content.modules) all.push({ want: { kind: 'path', path, use: 'module' }, strength, because });
    for (const path of content.indexes) all.push({ want: { kind: 'path', path, use: 'data' }, strength, because });
  }
  return all;
}

/** Absolute paths of directories, alone or in a list, or of an index file in one; each once. */
async function namedDirectories({ path }: Subject, facts: Facts): Promise<string[]> {
  const found = new Set<string>();
  for (const text of await facts.strings(path)) {
    if (!text.startsWith('/') || text.length > 1024 || !text.includes('/lib')) continue;
    for (const part of text.split(':')) {
      if (!/^\/[\w./+-]+$/.test(part)) continue;
      const directory = /\.cache$/.test(part) ? dirname(part) : cleanPath(part);
      if (directory.split('/').length < 4 || NOT_FOR_MODULES.test(directory)) continue;
      found.add(directory);
    }
  }
  return [...found].sort();
}

interface Content {
  readonly modules: readonly string[];
  /** Caches and libtool's descriptions, without which modules are not found. */
  readonly indexes: readonly string[];
  readonly size: number;
}

/** Names of modules, and of caches and libtool's descriptions of them. */
const OF_MODULES = /\.(?:so|cache|la)$/;

/** Modules in the directory and in directories right below it, by the path that leads there. */
async function modulesIn(directory: string, facts: Facts): Promise<Content> {
  const modules: string[] = [];
  const indexes: string[] = [];
  let size = 0;
  const look = async (at: string, depth: number): Promise<void> => {
    const found = await facts.files.resolve(at);
    if (found.kind === 'missing' || found.node.kind !== 'dir') return;
    for (const name of (await facts.files.list(found.path)) ?? []) {
      const path = joinPath(at, name);
      if (!OF_MODULES.test(name)) {
        if (depth < 2 && (await isDirectory(joinPath(found.path, name), facts))) await look(path, depth + 1);
        continue;
      }
      const node = await facts.files.resolve(path);
      if (node.kind === 'missing' || node.node.kind !== 'file') continue;
      if (!/\.so$/.test(name)) indexes.push(path);
      else {
        modules.push(path);
        size += node.node.content.size;
      }
    }
  };
  await look(directory, 0);
  return { modules, indexes, size };
}

/** Most directories that programs name hold something else, and much of it: certificates, units, catalogues. */
async function isDirectory(path: string, { files }: Facts): Promise<boolean> {
  const kind = (await files.lookup(path))?.kind;
  return kind === 'dir' || (kind === 'symlink' && !basename(path).includes('.'));
}

/**
 * Modules that are looked at as a whole go in where they weigh no more than the process that loads them; and where the program
 * is linked with the library itself: one that has it only through others hardly uses its modules.
 */
async function strengthOf(subject: Subject, { indexes, size }: Content, facts: Facts): Promise<Strength> {
  const symbols = await facts.symbols(subject.path);
  const reads = indexes.length > 0 || READS_DIRECTORIES.some((name) => symbols.has(name));
  if (!reads || size > (await loadSize(subject, facts))) return 'suggested';
  if (subject.use === 'program') return 'recommended';
  const needed = (await facts.elf(subject.program))?.dynamic?.needed ?? [];
  const soname = subject.elf?.dynamic?.soname;
  return soname !== undefined && needed.includes(soname) ? 'recommended' : 'suggested';
}

/** What the process maps at its start. */
async function loadSize({ path, loaded }: Subject, facts: Facts): Promise<number> {
  let size = 0;
  for (const one of new Set([path, ...(loaded?.objects.map(({ realPath }) => realPath) ?? [])])) {
    const node = await facts.files.lookup(one);
    if (node?.kind === 'file') size += node.content.size;
  }
  return size;
}
