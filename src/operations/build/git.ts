/** Checkouts of git repositories, for ADD and for contexts: made by the git program. @module */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ImageError, systemCode } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { redacted } from '../../base/secrets.ts';
import { type GitReference, parseGitReference } from '../../formats/dockerfile/git.ts';
import type { Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { IGNORE_NOTHING } from './ignore.ts';
import { readContext } from './local-context.ts';

export interface GitOptions {
  /** Whether `.git` stays. */
  readonly keepGitDir: boolean;
  /** The commit, or its first digits, that must come of it. */
  readonly checksum?: string | undefined;
}

/**
 * What the reference means, readable until the stack is disposed of.
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
  const commit = await fetchInto(directory, reference, run);
  const wanted = options.checksum ?? reference.checksum;
  if (wanted !== undefined && !commit.startsWith(wanted)) {
    throw new ImageError('DIGEST_MISMATCH', `${redacted(text)} is at commit ${commit}, and ${wanted} is wanted`);
  }
  if (!options.keepGitDir) await rm(join(directory, '.git'), { recursive: true, force: true });
  return readContext(join(directory, cleanPath(`/${reference.subdir ?? ''}`)), IGNORE_NOTHING, run);
}

/** @returns the commit */
async function fetchInto(directory: string, { remote, ref, submodules }: GitReference, run: Run): Promise<string> {
  const git = (...args: readonly string[]) => call(directory, args, redacted(remote), run);
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', remote);
  await git('fetch', '--quiet', '--depth=1', '--', 'origin', ref ?? 'HEAD');
  await git('checkout', '--quiet', 'FETCH_HEAD');
  if (submodules !== false) await git('submodule', 'update', '--quiet', '--init', '--recursive', '--depth=1');
  return (await git('rev-parse', 'HEAD')).trim();
}

async function call(cwd: string, args: readonly string[], what: string, { signal }: Run): Promise<string> {
  try {
    const env = { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1' };
    const { stdout } = await promisify(execFile)('git', [...args], { cwd, env, signal });
    return stdout;
  } catch (error) {
    signal?.throwIfAborted();
    if (systemCode(error) === 'ENOENT') {
      throw new ImageError('UNAVAILABLE', `${what} is a git repository, and git is not installed here`, {
        hint: 'install git',
      });
    }
    const said = String((error as { stderr?: unknown }).stderr ?? '').trim();
    throw new ImageError('NOT_FOUND', `git ${args[0]} of ${what} failed: ${redacted(said)}`, { cause: error });
  }
}
