/** Checkouts of git repositories, for ADD and for contexts: made by the git program. @module */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { redacted } from '../../base/secrets.ts';
import { type GitReference, parseGitReference } from '../../formats/dockerfile/git.ts';
import { resolve } from '../../model/resolve.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { readContext } from './context-reader.ts';
import { type GitAccess, type GitProgram, gitProgram } from './git-program.ts';
import { IGNORE_NOTHING, type Ignore } from './ignore.ts';
import { withTime } from './times.ts';

export interface GitOptions {
  /** Whether `.git` stays, where the reference itself does not say. */
  readonly keepGitDir: boolean;
  /** The commit, or its first digits, that must come of it. */
  readonly checksum?: string | undefined;
  readonly access: GitAccess;
}

/**
 * What the reference means, readable until the stack is disposed of. All files have the time of the commit, so that the same
 * commit is the same tree, unless the reference says `mtime=checkout`.
 * @throws ImageError UNAVAILABLE without git; NOT_FOUND, DIGEST_MISMATCH
 */
export async function checkout(
  text: string,
  options: GitOptions,
  stack: AsyncDisposableStack,
  run: Run,
): Promise<Tree> {
  const reference = parseGitReference(text);
  if (reference === undefined) throw new ImageError('USAGE', `"${redacted(text)}" is no git repository`);
  const directory = await mkdtemp(join(tmpdir(), 'pare-git-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const git = gitProgram(directory, reference.remote, options.access, run);
  const { commit, objects } = await fetchCommit(git, reference);
  const wanted = reference.checksum ?? options.checksum;
  if (wanted !== undefined && !objects.some((object) => object.startsWith(wanted))) {
    throw new ImageError('DIGEST_MISMATCH', `${redacted(text)} is at commit ${commit}, and ${wanted} is wanted`);
  }
  await git.run('checkout', '--quiet', '--detach', commit);
  if (reference.submodules !== false) await fetchSubmodules(git);
  const time = reference.mtime === 'checkout' ? undefined : Number(await git.run('log', '-1', '--format=%ct', commit));
  const keeps = reference.keepGitDir ?? options.keepGitDir;
  if (keeps) await settleGitDir(directory, git);
  const whole = await readContext(directory, keeps ? IGNORE_NOTHING : IGNORE_GIT, run);
  const tree = subtree(whole, reference.subdir ?? '', text);
  return time === undefined ? tree : withTime(tree, time);
}

/** Nothing in a repository can be called so: what is, is git's own, a submodule's file as well. */
const IGNORE_GIT: Ignore = (path) => (/(?:^|\/)\.git$/.test(path) ? 'out' : 'in');

interface Fetched {
  readonly commit: string;
  /** Names of the commit, and of the tag that leads to it. */
  readonly objects: readonly string[];
}

async function fetchCommit(git: GitProgram, reference: GitReference): Promise<Fetched> {
  await git.run('init', '--quiet', '--initial-branch=master');
  await git.run('remote', 'add', 'origin', git.remote);
  const asked = reference.fetchByCommit ? (reference.checksum ?? reference.ref) : reference.ref;
  const name = isCommit(asked) ? asked : await fullName(git, asked);
  const revision = await fetchName(git, name);
  const [tip = '', commit = ''] = (await git.run('rev-parse', revision, `${revision}^{commit}`)).split('\n');
  return { commit, objects: [tip, commit] };
}

/** By the whole name of an object; what is shorter could be a branch. */
function isCommit(name: string | undefined): name is string {
  return name !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

/** The branch of the name, else the tag: git's own order where both are there. */
async function fullName(git: GitProgram, name: string | undefined): Promise<string> {
  if (name === undefined) return 'HEAD';
  const lines = (await git.run('ls-remote', '--', 'origin', name)).split('\n');
  const there = new Set(lines.map((line) => line.split('\t')[1] ?? ''));
  const bare = name.replace(/^refs\//, '');
  const forms = [name, `refs/${bare}`, `refs/heads/${name}`, `refs/tags/${name}`];
  const found = forms.find((form) => form.startsWith('refs/') && there.has(form));
  if (found !== undefined) return found;
  throw new ImageError('NOT_FOUND', `${redacted(git.remote)} has no branch and no tag "${name}"`, {
    hint: 'a commit is named by all of its 40 digits',
  });
}

/**
 * The one commit, where the server gives it: not every server gives commits that no branch ends with, and plain files over HTTP
 * cannot be cut short. Then more is fetched.
 * @returns what git calls it afterwards
 */
async function fetchName(git: GitProgram, name: string): Promise<string> {
  const target = name.replace(/^refs\/heads\//, 'refs/remotes/origin/');
  const spec = name.startsWith('refs/') ? `+${name}:${target}` : name;
  try {
    await git.run('fetch', '--quiet', '--depth=1', '--', 'origin', spec);
    return 'FETCH_HEAD';
  } catch (error) {
    if (isCommit(name)) {
      await git.run('fetch', '--quiet', '--tags', '--', 'origin', '+refs/heads/*:refs/remotes/origin/*');
      return name;
    }
    if (!isUncut(error)) throw error;
    await git.run('fetch', '--quiet', '--', 'origin', spec);
    return 'FETCH_HEAD';
  }
}

/** Whether the server gives whole histories only. */
function isUncut(error: unknown): boolean {
  return error instanceof ImageError && /shallow|dumb http/i.test(error.message);
}

async function fetchSubmodules(git: GitProgram): Promise<void> {
  const update = ['submodule', 'update', '--quiet', '--init', '--recursive'];
  try {
    await git.run(...update, '--depth=1');
  } catch (error) {
    if (!isUncut(error)) throw error;
    await git.run(...update);
  }
}

/** What git notes of this machine and of this moment goes: then the same commit is the same bytes. */
async function settleGitDir(directory: string, git: GitProgram): Promise<void> {
  await git.run('remote', 'set-url', 'origin', redacted(git.remote));
  for (const name of ['FETCH_HEAD', 'ORIG_HEAD', 'logs', 'index']) {
    await rm(join(directory, '.git', name), { recursive: true, force: true });
  }
  await git.run('read-tree', 'HEAD');
}

/** Links on the way are followed in the repository, never out of it. */
function subtree(tree: Tree, subdir: string, text: string): Tree {
  const found = resolve(tree, cleanPath(`/${subdir}`));
  const node = found.kind === 'found' ? nodeAt(tree, found.path) : undefined;
  if (node?.kind === 'dir') return { root: node };
  throw new ImageError('NOT_FOUND', `${redacted(text)} has no directory ${subdir}`);
}
