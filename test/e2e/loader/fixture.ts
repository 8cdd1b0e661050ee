/**
 * Small roots with a loader, a shell and programs and libraries made for one question each; and the question itself: does the
 * model say what the real loader says, now, of the same files.
 * @module
 */
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
import type { LoadResult } from '../../../src/loader/types.ts';
import { answerOf, type Comparison, compareAnswers } from './compare.ts';
import { askLoader, cpuOf, type RealAnswer } from './real.ts';

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
  /** Compares the answers about files; fails with the difference. @returns the real answers, for what else is to be seen */
  same(files: readonly string[], question?: Question): Promise<RealAnswer[]>;
  model(file: string, question?: Question): Promise<LoadResult>;
}

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const GCC = ['-nostdlib', '-w', '-Wl,--no-as-needed', '-Wl,--build-id=none'];

/** @param from where the loader and libc are taken from: `/` or a Debian tree of amd64 */
export function createRoot(from = '/'): Root {
  const path = mkdtempSync(join(tmpdir(), 'pare-loader-'));
  const at = (inside: string) => join(path, inside);
  const prepare = (inside: string) => mkdirSync(dirname(at(inside)), { recursive: true });
  const root: Root = {
    path,
    loader: LOADER,
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
      compile(['-shared', '-fPIC'], build, at(inside));
    },
    program: (inside, build = {}) => {
      prepare(inside);
      compile(['-pie', '-fPIE', '-Wl,-e,0', `-Wl,-dynamic-linker,${LOADER}`], build, at(inside));
    },
    patch: (inside, change) => {
      const bytes = readFileSync(at(inside));
      change(bytes);
      writeFileSync(at(inside), bytes);
    },
    tool: (command, args, inside) => execFileSync(command, [...args, at(inside)], { stdio: 'pipe' }),
    ldconfig: (...args) =>
      execFileSync('ldconfig', ['-r', path, ...args], { stdio: 'pipe', env: { PATH: '/usr/sbin:/sbin' } }),
    same: async (files, question = {}) => {
      const answers = await askLoader(files, { root: path, loader: LOADER, ...question });
      const comparison = await compareAnswers(answers, { root: path, loader: LOADER, ...question }, await cpu());
      mustAgree(comparison, files.length);
      return answers;
    },
    model: async (file, question = {}) => {
      const result = await answerOf(file, { root: path, loader: LOADER, ...question }, await cpu());
      if (result instanceof Error) throw result;
      return result;
    },
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
  const cpu = once(() => cpuOf(path, LOADER));
  furnish(root, from);
  return root;
}

function once<T>(compute: () => T): () => T {
  let value: { readonly is: T } | undefined;
  return () => {
    value ??= { is: compute() };
    return value.is;
  };
}

const LIBRARIES = '/lib/x86_64-linux-gnu';

/** The loader and libc in their usual places, and a static shell to ask them with: links to files that nobody changes. */
function furnish(root: Root, from: string): void {
  root.directory('/etc');
  const sources: [path: string, source: string][] = [
    [LOADER, realpathSync(`${from}${LOADER}`)],
    ...['libc.so.6', 'libm.so.6'].map((name): [string, string] => {
      return [`${LIBRARIES}/${name}`, realpathSync(join(from, LIBRARIES, name))];
    }),
    ['/bin/sh', '/usr/bin/busybox'],
    ['/usr/bin/env', '/usr/bin/busybox'],
  ];
  for (const [path, source] of sources) {
    root.directory(dirname(path));
    linkSync(kept(source), join(root.path, path));
  }
}

/** A copy of a file, on the file system of the roots. */
function kept(source: string): string {
  const path = join(objects, createHash('sha256').update(source).digest('hex'));
  if (!existsSync(path)) cpSync(source, path);
  return path;
}

/** The words of a file's DT_NEEDED come from stubs that bear them as their sonames. */
function compile(kind: readonly string[], build: Build, output: string): void {
  const { soname, needed = [], rpath, runpath, args = [], code = '' } = build;
  const named = soname === undefined ? [] : ['-Xlinker', '-soname', '-Xlinker', soname];
  const search = rpath ?? runpath;
  const tags = rpath === undefined ? '--enable-new-dtags' : '--disable-new-dtags';
  const path = search === undefined ? [] : ['-Xlinker', '-rpath', '-Xlinker', search, `-Wl,${tags}`];
  const made = compiled([...kind, ...GCC, ...named, ...path, ...args], code, needed.map(stub));
  cpSync(made, output);
}

function stub(name: string): string {
  return compiled(['-shared', ...GCC, '-Xlinker', '-soname', '-Xlinker', name], '', []);
}

const objects = mkdtempSync(join(tmpdir(), 'pare-objects-'));
process.on('exit', () => rmSync(objects, { recursive: true, force: true }));

/** The same order to gcc is carried out once. */
function compiled(args: readonly string[], code: string, libraries: readonly string[]): string {
  const order = [...args, '-x', 'c', '-', '-x', 'none', ...libraries];
  const path = join(
    objects,
    createHash('sha256')
      .update(JSON.stringify([order, code]))
      .digest('hex'),
  );
  if (!existsSync(path)) execFileSync('gcc', [...order, '-o', path], { input: code, stdio: 'pipe' });
  return path;
}

function mustAgree({ classes, disagreements }: Comparison, expected: number): void {
  if (disagreements.length > 0) throw new Error(disagreements.map(({ file, why }) => `${file}: ${why}`).join('\n'));
  const agreed = [...classes.values()].reduce((sum, count) => sum + count, 0);
  if (agreed !== expected) throw new Error(`${expected} questions, ${agreed} answers`);
}
