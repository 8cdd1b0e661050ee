/** A directory that cannot be a context, a Dockerfile that cannot be read. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FileNode } from '../../model/node.ts';
import { rootReader } from '../../system/disk-root.ts';
import { type BuildSource, openBuildSource, type Remotes } from './contexts.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-contexts-'));
  mkdirSync(join(dir, 'context'));
  symlinkSync('loop', join(dir, 'loop'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function fileOf(path: string): FileNode {
  const found = rootReader(dirname(path)).lookup(`/${basename(path)}`);
  if (found?.kind !== 'file') throw new Error(`no file ${path}`);
  return found;
}

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

test('what may have been meant is told', async () => {
  const other = join(dir, 'other');
  mkdirSync(other);
  for (const name of ['Containerfile', 'special']) writeFileSync(join(other, name), 'FROM scratch');
  await expect(open(other)).rejects.toMatchObject({
    hint: `there is ${other}/Containerfile: write -f ${other}/Containerfile`,
  });
  await expect(open(other, 'special')).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: `there is ${other}/special: write -f ${other}/special`,
  });
  await expect(open(join(other, 'special'))).rejects.toMatchObject({
    code: 'NOT_FOUND',
    hint: `if it is the Dockerfile: pare build -f ${other}/special ${other}`,
  });
});

test('a Dockerfile alone on stdin has no files beside it', async () => {
  const alone = join(dir, 'alone');
  writeFileSync(alone, 'FROM scratch');
  const http = async () => fileOf(alone);
  await using stack = new AsyncDisposableStack();
  const options = { context: 'http://example.com/Dockerfile', file: undefined, keepGitDir: false, store: dir };
  const source = await openBuildSource(options, { ...REMOTES, http }, stack, {});
  expect(() => source.assertThere('/a')).toThrow(/without a context/);
  expect(() => source.assertThere('/')).not.toThrow();
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
