/** A directory that cannot be a context, a Dockerfile that cannot be read. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuildSource, openBuildSource, type Remotes } from './contexts.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-contexts-'));
  mkdirSync(join(dir, 'context'));
  symlinkSync('loop', join(dir, 'loop'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const REMOTES: Remotes = {
  git: () => Promise.reject(new Error('nothing is to be fetched')),
  http: () => Promise.reject(new Error('nothing is to be fetched')),
};

async function open(context: string, file?: string): Promise<BuildSource> {
  await using stack = new AsyncDisposableStack();
  const options = { context, file, keepGitDir: false, store: join(dir, 'store') };
  return await openBuildSource(options, REMOTES, stack, {});
}

/** What stat(2) cannot say anything of, for root as well. */
const UNKNOWN = [
  ['a link to itself', 'loop', 'ELOOP'],
  ['a name that is too long', 'a'.repeat(300), 'ENAMETOOLONG'],
] as const;

describe('the context', () => {
  test.each(UNKNOWN)('%s', async (_, name, code) => {
    const message = expect.stringMatching(new RegExp(`^cannot read the context .*\\(${code}\\)$`));
    await expect(open(join(dir, name))).rejects.toMatchObject({ name: 'ImageError', code: 'IO', message });
  });

  test('an empty name', async () => {
    await expect(open('')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'the context "" is no directory' });
  });
});

describe('the Dockerfile', () => {
  test.each(UNKNOWN)('%s: naming it with -f would not help', async (_, name, code) => {
    const message = expect.stringMatching(new RegExp(`^cannot read the Dockerfile .*\\(${code}\\)$`));
    const failure = { name: 'ImageError', code: 'IO', message, hint: undefined };
    await expect(open(join(dir, 'context'), join(dir, name))).rejects.toMatchObject(failure);
  });

  test('not there, without a name', async () => {
    const hint = 'name the Dockerfile with -f';
    await expect(open(join(dir, 'context'))).rejects.toMatchObject({ code: 'NOT_FOUND', hint });
    const message = expect.stringMatching(/^cannot read the Dockerfile "": .*\(ENOENT\)$/);
    await expect(open(join(dir, 'context'), '')).rejects.toMatchObject({ code: 'NOT_FOUND', message, hint });
  });
});
