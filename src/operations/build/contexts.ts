/** The build context in all its forms, and the Dockerfile that goes with it. @module */
import { existsSync, realpathSync } from 'node:fs';
import { resolve as absolute, basename, dirname, isAbsolute, join } from 'node:path';
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { cleanPath, isWithin } from '../../base/path.ts';
import { redacted } from '../../base/secrets.ts';
import { collect } from '../../base/stream.ts';
import { parseGitReference } from '../../formats/dockerfile/git.ts';
import { sliceContent } from '../../model/content.ts';
import type { FileNode } from '../../model/node.ts';
import { FILE_META } from '../../model/node.ts';
import { resolve } from '../../model/resolve.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import { openBytes } from '../../system/open-file.ts';
import { statsAt } from '../../system/stats.ts';
import { archiveTree } from './archive.ts';
import { asContext } from './as-context.ts';
import { IGNORE_NOTHING, type Ignore, ignoreOf } from './ignore.ts';
import { localContext } from './local-context.ts';
import { assertThere, treePlaces } from './selection.ts';
import { readSmallFile } from './small-file.ts';

export interface BuildSource {
  /** What the Dockerfile is called in messages. */
  readonly name: string;
  readonly dockerfile: Uint8Array;
  /** What .dockerignore says of the context; absent where there is none. */
  readonly ignore?: Ignore;
  /** What a source of COPY selects at least; all of it where none is named. Read once. @param pattern clean and absolute */
  context(pattern?: string): Promise<Tree>;
  /** Whether a source selects anything; before anything is copied. @throws ImageError NOT_FOUND */
  assertThere(pattern: string): boolean;
  /** What tells whether what a source selects has changed since it was read, or until it is; see `local-context.ts`. */
  fingerprint?(pattern: string): Promise<Digest | undefined>;
}

export interface SourceOptions {
  /** A directory, `-` for a tar or a Dockerfile on stdin, an address of a git repository or of a tar. */
  readonly context: string;
  /** `-f`; `-` is stdin. Default `Dockerfile` in the context. */
  readonly file: string | undefined;
  /** Whether `.git` of a repository stays. */
  readonly keepGitDir: boolean;
  /** Where pare keeps things: no part of any context. */
  readonly store: string;
}

/** What addresses lead to. */
export interface Remotes {
  git(url: string, options: { readonly keepGitDir: boolean; readonly checksum?: string | undefined }): Promise<Tree>;
  http(url: string, checksum?: string): Promise<FileNode>;
}

/** More than any Dockerfile. */
const LIMIT = 16 * 1024 * 1024;
const DOCKERFILE = { what: 'the Dockerfile', limit: LIMIT, hint: 'name the Dockerfile with -f' };

/** What is opened stays so until the stack is disposed of. @throws ImageError USAGE, NOT_FOUND … */
export async function openBuildSource(
  options: SourceOptions,
  remotes: Remotes,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<BuildSource> {
  const { context, file } = options;
  if (context === '-' && file === '-') {
    throw new ImageError('USAGE', 'stdin is either the context or the Dockerfile', {
      hint: 'give one of them as a file',
    });
  }
  if (context === '-') return fromStdin(file, remotes, stack, run);
  if (parseGitReference(context) !== undefined) {
    return fromTree(await remotes.git(context, options), file, remotes, run);
  }
  if (isAddress(context)) {
    const node = await remotes.http(context);
    const tree = await archiveTree(node, redacted(context), stack, run);
    if (tree !== undefined) return fromTree(tree, file, remotes, run);
    return loneFile(await readFileNode(node), file);
  }
  return fromDirectory(options, remotes, run);
}

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** A Dockerfile that has no context. */
function loneFile(dockerfile: Uint8Array, file: string | undefined): BuildSource {
  if (file === undefined)
    return { name: 'Dockerfile', dockerfile, context: async () => EMPTY_TREE, assertThere: noContext };
  throw new ImageError('USAGE', `-f ${file} names a Dockerfile, and in the context's place there is one already`, {
    hint: 'give a context that is a directory or a tar, or leave -f out',
  });
}

function noContext(pattern: string): boolean {
  if (pattern === '/') return true;
  throw new ImageError('NOT_FOUND', `"${pattern}" is not there: a Dockerfile alone was given, without a context`, {
    hint: 'to have one, name a directory, and the Dockerfile with -f: pare build -f - . <Dockerfile',
  });
}

/** A tar, however compressed; else a Dockerfile. */
async function fromStdin(
  file: string | undefined,
  remotes: Remotes,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<BuildSource> {
  const { blob, size } = stack.use(await openBytes('-', run));
  if (size === 0) {
    throw new ImageError('INVALID', 'standard input is empty, where a tar or a Dockerfile is expected', {
      hint: 'has the program that was to write it failed?',
    });
  }
  const content = sliceContent(blob, 0, size);
  const node: FileNode = { kind: 'file', meta: FILE_META, mtime: 0, mtimeNs: 0, link: undefined, content };
  const tree = await archiveTree(node, 'the tar on stdin', stack, run);
  if (tree !== undefined) return fromTree(tree, file, remotes, run);
  return loneFile(await collect(blob.stream(0, size), LIMIT, 'the Dockerfile on stdin'), file);
}

/** The Dockerfile is one of the context, but for one on stdin, at an address or at an absolute path, which is this machine's. */
async function fromTree(tree: Tree, file: string | undefined, remotes: Remotes, run: Run): Promise<BuildSource> {
  const isOutside = file !== undefined && (file === '-' || isAddress(file) || isAbsolute(file));
  const path = isOutside ? undefined : dockerfileIn(tree, file);
  const dockerfile = isOutside ? await outsideFile(file, remotes, run) : path && (await textIn(tree, path));
  if (dockerfile === undefined || dockerfile === '') {
    throw new ImageError('NOT_FOUND', `the context has no ${file ?? 'Dockerfile'}`, { hint: 'name it with -f' });
  }
  const own = path === undefined ? undefined : await textIn(tree, `${path}.dockerignore`);
  const ignored = own ?? (await textIn(tree, '/.dockerignore'));
  const ignore = ignoreIn(ignored);
  const context = asContext(tree, ignore);
  const places = treePlaces(context);
  const isLeftOut = (one: string) => resolve(tree, one).kind === 'found';
  return {
    name: shownFile(file),
    dockerfile,
    ignore,
    context: async () => context,
    assertThere: (pattern) => assertThere(pattern, places, isLeftOut),
  };
}

function shownFile(file: string | undefined): string {
  if (file === undefined || file === '-') return 'Dockerfile';
  return isAddress(file) ? redacted(file) : file;
}

function dockerfileIn(tree: Tree, file: string | undefined): string {
  if (file !== undefined) return cleanPath(`/${file}`);
  return resolve(tree, '/Dockerfile').kind === 'missing' ? '/dockerfile' : '/Dockerfile';
}

async function textIn(tree: Tree, path: string): Promise<Uint8Array | undefined> {
  const found = resolve(tree, path);
  return found.kind === 'found' && found.node.kind === 'file' ? readFileNode(found.node) : undefined;
}

function ignoreIn(text: Uint8Array | undefined): Ignore {
  return text === undefined ? IGNORE_NOTHING : ignoreOf(new TextDecoder().decode(text));
}

async function outsideFile(file: string, remotes: Remotes, run: Run): Promise<Uint8Array> {
  if (file === '-') return collect(process.stdin, LIMIT, 'the Dockerfile on stdin');
  if (isAddress(file)) return readFileNode(await remotes.http(file));
  return readSmallFile(file, DOCKERFILE, run);
}

async function fromDirectory(
  { context: directory, file, store }: SourceOptions,
  remotes: Remotes,
  run: Run,
): Promise<BuildSource> {
  const shown = directory === '' ? '""' : directory;
  if (!statsAt(directory, `cannot read the context ${shown}`)?.isDirectory()) {
    const isFile = file === undefined && existsSync(directory);
    throw new ImageError('NOT_FOUND', `the context ${shown} is no directory`, {
      hint: isFile
        ? `if it is the Dockerfile: pare build -f ${directory} ${dirname(directory)}`
        : 'write a directory, - for a tar on stdin, or an address',
    });
  }
  const path = file ?? defaultFile(directory);
  assertFile(path, file, directory);
  const isElsewhere = path === '-' || isAddress(path);
  const dockerfile = await outsideFile(path, remotes, run);
  const own = isElsewhere ? [] : [join(dirname(path), `${basename(path)}.dockerignore`)];
  const ignored = [...own, join(directory, '.dockerignore')].find((one) => existsSync(one));
  const ignore = ignored === undefined ? IGNORE_NOTHING : await readIgnore(ignored, run);
  const { tree, fingerprint, assertThere } = localContext(absolute(directory), ignore, run, () =>
    storeIn(directory, store),
  );
  const name = isElsewhere ? shownFile(path) : shownName(path, directory);
  return { name, dockerfile, ignore, context: tree, fingerprint, assertThere };
}

/** The Dockerfile's name is one of this directory, and not of the context, as with docker. */
function assertFile(path: string, file: string | undefined, directory: string): void {
  if (path === '-' || path === '' || isAddress(path) || existsSync(path)) return;
  const others = file === undefined ? ['Containerfile'] : [file];
  const found = others.map((one) => join(directory, one)).find((one) => existsSync(one));
  if (found === undefined) return;
  const message = file === undefined ? `the context ${directory} has no Dockerfile` : `there is no ${path} here`;
  throw new ImageError('NOT_FOUND', message, { hint: `there is ${found}: write -f ${found}` });
}

/**
 * Where the store lies in the context: it changes while it is read, and belongs in no image.
 * @throws ImageError USAGE where it is the other way round
 */
function storeIn(directory: string, store: string): string | undefined {
  if (!existsSync(store)) return undefined;
  const [outer, inner] = [realpathSync(directory), realpathSync(store)];
  if (isWithin(outer, inner)) {
    throw new ImageError('USAGE', `the context ${directory} lies in pare's own store ${store}`, {
      hint: 'build from a directory of yours',
    });
  }
  return isWithin(inner, outer) ? inner.slice(outer === '/' ? 0 : outer.length) : undefined;
}

/** @throws ImageError */
export async function readIgnore(path: string, run: Run): Promise<Ignore> {
  return ignoreIn(await readSmallFile(path, { what: 'the ignore file', limit: LIMIT }, run));
}

function shownName(path: string, directory: string): string {
  return dirname(absolute(path)) === absolute(directory) ? basename(path) : path;
}

function defaultFile(directory: string): string {
  const path = join(directory, 'Dockerfile');
  const other = join(directory, 'dockerfile');
  return !existsSync(path) && existsSync(other) ? other : path;
}
