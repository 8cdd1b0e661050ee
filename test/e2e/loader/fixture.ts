/** Small roots with a loader, a shell, and programs and libraries made by gcc for one question each. @module */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { debianTree } from '../trees.ts';

export interface Build {
  /** DT_SONAME; default none. */
  readonly soname?: string;
  /** DT_NEEDED, as they are to stand in the file. */
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** For gcc. */
  readonly args?: readonly string[];
  /** C; default nothing at all. */
  readonly code?: string;
  /** Link with the files that call `main`. */
  readonly startFiles?: boolean;
}

export interface Question {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A root directory under construction. Paths are absolute in it. */
export interface Root extends Disposable {
  readonly path: string;
  readonly loader: string;
  /** A file with text or bytes in it. */
  file(path: string, content: string | Uint8Array): void;
  directory(path: string): void;
  link(path: string, target: string): void;
  hardLink(path: string, existing: string): void;
  copy(path: string, existing: string): void;
  library(path: string, build?: Build): void;
  /** An executable with an interpreter and without libc. */
  program(path: string, build?: Build): void;
  /** Changes bytes of a file in place. */
  patch(path: string, change: (bytes: Buffer) => void): void;
  /** Runs a program of this machine on a file of the root: patchelf, strip. */
  tool(command: string, args: readonly string[], path: string): void;
  ldconfig(...args: readonly string[]): void;
}

/** What a root is made of. */
export interface Kind {
  readonly loader: string;
  readonly compiler: string;
  /** Path in the root → the file on this machine. */
  readonly files: Readonly<Record<string, string>>;
}

const LIBRARIES = '/lib/x86_64-linux-gnu';

/** glibc's loader and libc, from `/` or from a Debian tree of amd64. */
export function glibcKind(from: string): Kind {
  const loader = '/lib64/ld-linux-x86-64.so.2';
  const files = [loader, `${LIBRARIES}/libc.so.6`, `${LIBRARIES}/libm.so.6`];
  return { loader, compiler: 'gcc', files: Object.fromEntries(files.map((path) => [path, join(from, path)])) };
}

/** musl of Debian's packages musl and musl-tools. */
export const MUSL: Kind = {
  loader: '/lib/ld-musl-x86_64.so.1',
  compiler: 'musl-gcc',
  files: { '/lib/ld-musl-x86_64.so.1': '/lib/ld-musl-x86_64.so.1' },
};

/** Where fixtures take their glibc from; undefined where there is no such tree. */
export const GLIBCS: readonly [what: string, from: () => string | undefined][] = [
  ["this machine's glibc", () => '/'],
  ['the glibc of trixie', () => debianTree({ suite: 'trixie' })],
];

const GCC = ['-nodefaultlibs', '-w', '-Wl,--no-as-needed', '-Wl,--build-id=none'];

export function createRoot(kind: Kind = glibcKind('/')): Root {
  const path = mkdtempSync(join(tmpdir(), 'pare-loader-'));
  const at = (inside: string) => join(path, inside);
  const prepare = (inside: string) => mkdirSync(dirname(at(inside)), { recursive: true });
  const root: Root = {
    path,
    loader: kind.loader,
    file: (inside, content) => {
      prepare(inside);
      writeFileSync(at(inside), content);
    },
    directory: (inside) => mkdirSync(at(inside), { recursive: true }),
    link: (inside, target) => {
      prepare(inside);
      symlinkSync(target, at(inside));
    },
    hardLink: (inside, existing) => {
      prepare(inside);
      linkSync(at(existing), at(inside));
    },
    copy: (inside, existing) => {
      prepare(inside);
      cpSync(at(existing), at(inside));
    },
    library: (inside, build = {}) => {
      prepare(inside);
      compile([kind.compiler, '-shared', '-fPIC'], build, at(inside));
    },
    program: (inside, build = {}) => {
      prepare(inside);
      compile([kind.compiler, '-pie', '-fPIE', '-Wl,-e,0', `-Wl,-dynamic-linker,${kind.loader}`], build, at(inside));
    },
    patch: (inside, change) => {
      const bytes = readFileSync(at(inside));
      change(bytes);
      writeFileSync(at(inside), bytes);
    },
    tool: (command, args, inside) => execFileSync(command, [...args, at(inside)], { stdio: 'pipe' }),
    ldconfig: (...args) =>
      execFileSync('ldconfig', ['-r', path, ...args], { stdio: 'pipe', env: { PATH: '/usr/sbin:/sbin' } }),
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
  furnish(root, kind);
  return root;
}

/** The loader and libc in their usual places, and a static shell to ask them with: links to files that nobody changes. */
function furnish(root: Root, { files }: Kind): void {
  root.directory('/etc');
  root.directory('/proc');
  const shell = { '/bin/sh': '/usr/bin/busybox', '/usr/bin/env': '/usr/bin/busybox' };
  for (const [path, source] of Object.entries({ ...files, ...shell })) {
    root.directory(dirname(path));
    linkSync(kept(realpathSync(source)), join(root.path, path));
  }
}

/** A copy of a file, on the file system of the roots. */
function kept(source: string): string {
  const path = join(objects, createHash('sha256').update(source).digest('hex'));
  if (!existsSync(path)) cpSync(source, path);
  return path;
}

/** The words of a file's DT_NEEDED come from stubs that bear them as their sonames. */
function compile(command: readonly string[], build: Build, output: string): void {
  const { soname, needed = [], rpath, runpath, args = [], code = '', startFiles = false } = build;
  const named = soname === undefined ? [] : ['-Xlinker', '-soname', '-Xlinker', soname];
  const search = rpath ?? runpath;
  const tags = rpath === undefined ? '--enable-new-dtags' : '--disable-new-dtags';
  const path = search === undefined ? [] : ['-Xlinker', '-rpath', '-Xlinker', search, `-Wl,${tags}`];
  const start = startFiles ? [] : ['-nostartfiles'];
  cpSync(compiled([...command, ...start, ...GCC, ...named, ...path, ...args], code, needed.map(stub)), output);
}

function stub(name: string): string {
  return compiled(['gcc', '-shared', '-nostartfiles', ...GCC, '-Xlinker', '-soname', '-Xlinker', name], '', []);
}

const objects = mkdtempSync(join(tmpdir(), 'pare-objects-'));
process.on('exit', () => rmSync(objects, { recursive: true, force: true }));

/** The same order is carried out once. */
function compiled(command: readonly string[], code: string, libraries: readonly string[]): string {
  const [compiler, ...args] = [...command, '-x', 'c', '-', '-x', 'none', ...libraries] as [string, ...string[]];
  const path = join(
    objects,
    createHash('sha256')
      .update(JSON.stringify([compiler, args, code]))
      .digest('hex'),
  );
  if (!existsSync(path)) execFileSync(compiler, [...args, '-o', path], { input: code, stdio: 'pipe' });
  return path;
}
