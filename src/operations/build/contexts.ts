/** The build context in all its forms, and the Dockerfile that goes with it. @module */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve as absolute, basename, dirname, join } from 'node:path';
import { fromSystem, ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { collect } from '../../base/stream.ts';
import { parseGitReference } from '../../formats/dockerfile/git.ts';
import { applyLayer } from '../../model/anchor.ts';
import { readLayer } from '../../model/layer/read.ts';
import { resolve } from '../../model/resolve.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { readFileNode } from '../../ports/tree-files.ts';
import { openFile } from '../../system/open-file.ts';
import { archiveEntries } from './archive.ts';
import { download } from './download.ts';
import { checkout } from './git.ts';
import { IGNORE_NOTHING, ignoreOf } from './ignore.ts';
import { asContext, readContext } from './local-context.ts';

export interface BuildSource {
  /** What the Dockerfile is called in messages. */
  readonly name: string;
  readonly dockerfile: Uint8Array;
  /** Read once. */
  context(): Promise<Tree>;
}

export interface SourceOptions {
  /** A directory, `-` for a tar or a Dockerfile on stdin, an address of a git repository or of a tar. */
  readonly context: string;
  /** `-f`; `-` is stdin. Default `Dockerfile` in the context. */
  readonly file: string | undefined;
  /** Whether `.git` of a repository stays. */
  readonly keepGitDir: boolean;
}

/** More than any Dockerfile. */
const TEXT_LIMIT = 16 * 1024 * 1024;

/** What is opened stays so until the stack is disposed of. @throws ImageError USAGE, NOT_FOUND … */
export async function openBuildSource(
  options: SourceOptions,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<BuildSource> {
  const { context, file } = options;
  if (context === '-' && file === '-') {
    throw new ImageError('USAGE', 'stdin is either the context or the Dockerfile', {
      hint: 'give one of them as a file',
    });
  }
  if (context === '-') return fromStdin(file, stack, run);
  if (parseGitReference(context) !== undefined) {
    return fromTree(await checkout(context, options, stack, run), options, run);
  }
  if (/^https?:\/\//.test(context)) {
    const node = await download(context, undefined, stack, run);
    const entries = await archiveEntries(node, stack, run);
    if (entries === undefined) return loneFile(await readFileNode(node));
    return fromTree((await applyLayer(EMPTY_TREE, asynchronous(entries))).tree, options, run);
  }
  return fromDirectory(context, file, run);
}

async function* asynchronous<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

/** A Dockerfile that has no context. */
function loneFile(dockerfile: Uint8Array): BuildSource {
  return { name: 'Dockerfile', dockerfile, context: async () => EMPTY_TREE };
}

/** A tar, however compressed; else a Dockerfile. */
async function fromStdin(file: string | undefined, stack: AsyncDisposableStack, run: Run): Promise<BuildSource> {
  const opened = stack.use(await openFile('-', run));
  const head = await opened.blob.read(0, Math.min(512, opened.size));
  const isTar = head.length === 512 && Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar';
  if (!isTar) return loneFile(await collect(opened.blob.stream(0, opened.size), TEXT_LIMIT, 'the Dockerfile on stdin'));
  const { tree } = await applyLayer(EMPTY_TREE, readLayer(opened.blob, opened.size));
  return fromTree(tree, { context: '-', file, keepGitDir: true }, run);
}

async function fromTree(tree: Tree, { file = 'Dockerfile' }: SourceOptions, run: Run): Promise<BuildSource> {
  const name = cleanPath(`/${file}`);
  const dockerfile = file === '-' ? await stdin() : await textIn(tree, name);
  if (dockerfile === undefined) {
    throw new ImageError('NOT_FOUND', `the context has no ${file}`, { hint: 'name it with -f' });
  }
  run.signal?.throwIfAborted();
  const ignored = (await textIn(tree, `${name}.dockerignore`)) ?? (await textIn(tree, '/.dockerignore'));
  const ignore = ignored === undefined ? IGNORE_NOTHING : ignoreOf(new TextDecoder().decode(ignored));
  const context = asContext(tree, ignore);
  return { name: file === '-' ? 'Dockerfile' : file, dockerfile, context: async () => context };
}

async function textIn(tree: Tree, path: string): Promise<Uint8Array | undefined> {
  const found = resolve(tree, path);
  return found.kind === 'found' && found.node.kind === 'file' ? readFileNode(found.node) : undefined;
}

async function fromDirectory(directory: string, file: string | undefined, run: Run): Promise<BuildSource> {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ImageError('NOT_FOUND', `the context ${directory} is no directory`, {
      hint: 'write a directory, - for a tar on stdin, or an address',
    });
  }
  const path = file === undefined ? defaultFile(directory) : file;
  const dockerfile = path === '-' ? await stdin() : readFile(path);
  const ignored = path === '-' ? [] : [join(dirname(path), `${basename(path)}.dockerignore`)];
  const found = [...ignored, join(directory, '.dockerignore')].find((one) => existsSync(one));
  const ignore = found === undefined ? IGNORE_NOTHING : ignoreOf(new TextDecoder().decode(readFile(found)));
  let context: Promise<Tree> | undefined;
  return {
    name: path === '-' ? 'Dockerfile' : shownName(path, directory),
    dockerfile,
    context: () => (context ??= readContext(absolute(directory), ignore, run)),
  };
}

function shownName(path: string, directory: string): string {
  return dirname(absolute(path)) === absolute(directory) ? basename(path) : path;
}

function defaultFile(directory: string): string {
  const path = join(directory, 'Dockerfile');
  const other = join(directory, 'dockerfile');
  return !existsSync(path) && existsSync(other) ? other : path;
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fromSystem(error, `cannot read ${path}`, 'name the Dockerfile with -f');
  }
}

function stdin(): Promise<Uint8Array> {
  return collect(process.stdin, TEXT_LIMIT, 'the Dockerfile on stdin');
}
