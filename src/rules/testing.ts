/**
 * A small root filesystem for testing rules, in which the facts of ELF files are stated and not read: what a rule
 * concludes from them is what is tested.
 * @module
 */
import type { Elf, ElfNote } from '../formats/elf/types.ts';
import type { RunConfig } from '../formats/oci/types.ts';
import type { Libc, LoadResult } from '../loader/types.ts';
import { bytesContent } from '../model/content.ts';
import { TreeEditor } from '../model/editor.ts';
import type { DirInfo, FileNode, Leaf } from '../model/node.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { readHashBang } from './closure/heads.ts';
import { createFacts } from './facts.ts';
import type { Package, PackageFacts } from './packages/types.ts';
import type { Facts, Requirement, Subject, Use, Want } from './rule.ts';

export interface ElfFile {
  /** Functions it imports; of a static program, those it carries. */
  readonly symbols?: readonly string[];
  readonly strings?: readonly string[];
  /** Absolute paths of libraries of the same world. */
  readonly libraries?: readonly string[];
  readonly soname?: string;
  readonly linked?: 'static';
  readonly notes?: readonly ElfNote[];
}

interface Special {
  readonly text?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Text of a file; `-> target` of a link; `/` for a directory. */
export type Sketch = string | ElfFile | Special;

export interface WorldOptions {
  readonly config?: RunConfig;
  readonly libc?: Libc;
  readonly libcVersion?: string;
  /** Package name → paths it ships. */
  readonly packages?: Readonly<Record<string, readonly string[]>>;
}

export interface World {
  readonly facts: Facts;
  subject(path: string, options?: { readonly use?: Use; readonly program?: string }): Promise<Subject>;
}

export function world(sketches: Readonly<Record<string, Sketch>>, options: WorldOptions = {}): World {
  const editor = new TreeEditor();
  const elves = new Map<string, ElfFile>();
  for (const [path, sketch] of Object.entries(sketches)) {
    if (typeof sketch === 'object' && isElf(sketch)) elves.set(path, sketch);
    if (isDirectory(sketch)) editor.putDir(path, directory(sketch));
    else editor.put(path, leaf(sketch));
  }
  const files = treeFiles(editor.done());
  const platform = { architecture: 'amd64', os: 'linux' };
  const facts: Facts = {
    ...createFacts(files, { config: options.config ?? {}, platform, cpu: 'baseline' }),
    elf: async (path) => parsed(elves.get(path)),
    symbols: async (path) => new Set(elves.get(path)?.symbols ?? []),
    strings: async (path) => elves.get(path)?.strings ?? [],
    packages: async () => packageFacts(options.packages),
  };
  const subject: World['subject'] = async (path, { use, program } = {}) => {
    const node = (await files.lookup(path)) as FileNode;
    const elf = elves.get(path);
    const used = use ?? (elf?.soname === undefined ? 'program' : 'module');
    return {
      path,
      node,
      use: used,
      elf: parsed(elf),
      hashBang: elf === undefined ? readHashBang(await files.read(node)) : undefined,
      program: program ?? path,
      loaded: elf === undefined ? undefined : loaded(path, elf, options),
    };
  };
  return { facts, subject };
}

function isElf(sketch: ElfFile | Special): sketch is ElfFile {
  return !('text' in sketch || 'mode' in sketch || 'uid' in sketch);
}

function isDirectory(sketch: Sketch): boolean {
  return sketch === '/' || (typeof sketch === 'object' && !isElf(sketch) && sketch.text === undefined);
}

function directory(sketch: Sketch): DirInfo {
  const { mode = 0o755, uid = 0, gid = 0 } = typeof sketch === 'object' ? (sketch as Special) : {};
  return { kind: 'dir', meta: { mode, uid, gid }, mtime: 1, mtimeNs: 0 };
}

function leaf(sketch: Sketch): Leaf {
  const common = { mtime: 1, mtimeNs: 0, link: undefined };
  if (typeof sketch === 'string') {
    const target = /^-> (.*)/.exec(sketch)?.[1];
    if (target !== undefined) return { kind: 'symlink', target, meta: { mode: 0o777, uid: 0, gid: 0 }, ...common };
    return { kind: 'file', content: bytesContent(sketch), meta: { mode: modeOf(sketch), uid: 0, gid: 0 }, ...common };
  }
  if (isElf(sketch)) {
    const content = bytesContent((sketch.strings ?? []).join('\0'));
    return { kind: 'file', content, meta: { mode: 0o755, uid: 0, gid: 0 }, ...common };
  }
  const { text = '', mode = modeOf(text), uid = 0, gid = 0 } = sketch;
  return { kind: 'file', content: bytesContent(text), meta: { mode, uid, gid }, ...common };
}

function modeOf(text: string): number {
  return text.startsWith('#!') ? 0o755 : 0o644;
}

function parsed(elf: ElfFile | undefined): Elf | undefined {
  if (elf === undefined) return undefined;
  const isProgram = elf.soname === undefined && elf.linked !== 'static';
  return {
    bits: 64,
    endian: 'little',
    machine: 62,
    type: 3,
    flags: 0,
    osabi: 0,
    abiVersion: 0,
    size: 1000,
    entry: 64,
    interp: isProgram ? '/lib64/ld-linux-x86-64.so.2' : undefined,
    dynamic: elf.linked === 'static' ? undefined : dynamicOf(elf),
    segments: [],
    notes: elf.notes ?? [],
    sectionTable: { offset: 0, entrySize: 0, count: 0, names: 0 },
  };
}

function dynamicOf(elf: ElfFile): NonNullable<Elf['dynamic']> {
  const none = { rpath: undefined, runpath: undefined, filter: [], auxiliary: [], audit: [], depaudit: [] };
  const versions = { versionsNeeded: [], versionsDefined: [], versionBase: undefined };
  return { soname: elf.soname, needed: ['libc.so.6'], ...none, flags: 0, flags1: 0, ...versions, entries: [] };
}

function loaded(path: string, elf: ElfFile, { libc = 'glibc', libcVersion = '2.36' }: WorldOptions): LoadResult {
  const libcFile = libc === 'musl' ? '/lib/libc.so' : '/lib/libc.so.6';
  const all = elf.linked === 'static' ? [path] : [path, ...(elf.libraries ?? []), libcFile];
  return {
    libc: elf.linked === 'static' ? 'unknown' : libc,
    libcVersion: elf.linked === 'static' ? undefined : libcVersion,
    objects: all.map((one) => ({
      name: one.slice(one.lastIndexOf('/') + 1),
      path: one,
      realPath: one,
      hops: [],
      by: one === path ? undefined : path,
      via: one === path ? 'program' : 'needed',
      foundBy: 'default',
      tried: [],
    })),
    variants: [],
    missing: [],
    skipped: [],
    auditing: [],
    missingVersions: [],
    configuration: [],
    fatal: undefined,
  };
}

function packageFacts(packages: WorldOptions['packages']): PackageFacts {
  const all = Object.entries(packages ?? {});
  const named = (name: string): Package => {
    return { kind: 'dpkg', name, version: '1', architecture: 'amd64', depends: [], source: undefined };
  };
  const plain = (name: string) => name.replace(/:.*/, '');
  const isThere = (name: string) => packages?.[plain(name)] !== undefined;
  return {
    kind: packages === undefined ? undefined : 'dpkg',
    owner: async (path) => {
      const name = all.find(([, paths]) => paths.includes(path))?.[0];
      return name === undefined ? undefined : named(name);
    },
    package: async (name) => (isThere(name) ? named(plain(name)) : undefined),
    all: async () => all.map(([name]) => named(name)),
    siblings: async (name) => (isThere(name) ? [named(plain(name))] : []),
    filesOf: async (name) => packages?.[plain(name)] ?? [],
    configurationOf: async () => new Set(),
  };
}

/** A want as one short line: `path /etc/x`, `library libx.so.1`, `user root`. */
export function told(want: Want): string {
  switch (want.kind) {
    case 'path':
    case 'tree':
    case 'made':
    case 'directory':
      return `${want.kind} ${want.path}`;
    case 'program':
    case 'library':
    case 'user':
    case 'group':
      return `${want.kind} ${want.name}`;
    case 'first':
      return `first ${want.of.map(told).join(' | ')}`;
  }
}

/** Requirements as lines `recommended path /etc/x`, with the finding's code where there is one; sorted, each once. */
export function lines(requirements: readonly Requirement[]): string[] {
  const all = requirements.map(
    ({ want, strength, unmet }) => `${strength} ${told(want)}${unmet === undefined ? '' : ` (${unmet.code})`}`,
  );
  return [...new Set(all)].sort();
}
