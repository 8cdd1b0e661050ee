/** What a COPY gets of a context is the same, whether all of it was read or what the source selects. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { type CopySource, copiedOf } from '../../builders/dockerfile/copy/copy.ts';
import { digestOfNode } from '../../builders/dockerfile/describe.ts';
import { type Tree, walk } from '../../model/tree.ts';
import { openContentDigests } from '../../store/content-digests.ts';
import { ignoreOf } from './ignore.ts';
import { localContext } from './local-context.ts';

const FILES = [
  'a/one.c',
  'a/two.h',
  'a/deep/er/three.c',
  'b/one.c',
  'b/out/x',
  'kept/out/wanted',
  'kept/other',
  'top.c',
  '[x]/y',
];
const LINKS = {
  'to-a': 'a',
  'b/up': '../a/deep',
  'c.c': 'top.c',
  'dangling.c': 'nowhere',
  'a/loop': 'loop',
  round: '.',
};
const IGNORE = ignoreOf('b/out\nkept\n!kept/out/wanted\n');

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-selection-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), file);
  }
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, join(dir, name));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** What is copied, or why nothing is. */
async function copied(tree: Tree, path: string): Promise<unknown> {
  const source: CopySource = { kind: 'path', tree, path, unpacks: false };
  const request = { owner: undefined, mode: undefined, excludes: undefined, time: 0 };
  const contents = openContentDigests(join(dir, 'never-written'));
  try {
    const all = [...copiedOf(source, request)];
    return await Promise.all(all.map(async ({ name, node }) => [name, await digestOfNode(node, contents, {})]));
  } catch (error) {
    if (error instanceof ImageError) return error.code;
    throw error;
  }
}

test.each([
  ...[
    '/',
    '/a',
    '/a/one.c',
    '/a/*.c',
    '/*/*.c',
    '/*.c',
    '/a/deep',
    '/a/deep/er/*',
    '/b',
    '/b/out',
    '/b/out/*',
    '/kept',
    '/kept/other',
  ],
  ...[
    '/kept/*',
    '/kept/out/wanted',
    '/to-a',
    '/to-a/*.c',
    '/to-a/deep/er',
    '/b/up/er',
    '/b/*',
    '/none',
    '/none/*',
    '/a/one.c/x',
  ],
  ...[
    '/dangling.c',
    '/a/loop',
    '/round',
    '/round/a',
    '/round/round/*.c',
    '/[[]x]/y',
    '/[x]/y',
    '/?/??[a-z].c',
    '/**/one.c',
  ],
])('%s', async (pattern) => {
  const whole = await localContext(dir, IGNORE, {}).tree();
  const part = await localContext(dir, IGNORE, {}).tree(pattern);
  expect(await copied(part, pattern)).toEqual(await copied(whole, pattern));
});

test('nothing else is read', async () => {
  const context = localContext(dir, IGNORE, {});
  const paths = async (pattern: string) => [...walk(await context.tree(pattern))].map(({ path }) => path);
  expect(await paths('/a/deep')).toEqual(['/', '/a', '/a/deep', '/a/deep/er', '/a/deep/er/three.c']);
  expect(await paths('/to-a/one.c')).toEqual(['/', '/a', '/a/one.c', '/to-a']);
  expect(await paths('/*/one.c')).toEqual(expect.arrayContaining(['/a/one.c', '/b/one.c']));
  expect(await paths('/*/one.c')).not.toContain('/a/two.h');
});

test('what is not selected may change', async () => {
  vi.useFakeTimers({ now: Date.now() + 10_000, toFake: ['Date'] });
  const print = (pattern: string) => {
    const context = localContext(dir, IGNORE, {});
    return context.fingerprint(pattern);
  };
  const before = await Promise.all(['/a/*.c', '/b', '/c.c', '/none'].map(print));
  expect(before.map((one) => one === undefined)).toEqual([false, false, false, true]);
  writeFileSync(join(dir, 'a/two.h'), 'other');
  writeFileSync(join(dir, 'b/new'), 'new');
  writeFileSync(join(dir, 'top.c'), 'longer than before');
  const after = await Promise.all(['/a/*.c', '/b', '/c.c'].map(print));
  vi.useRealTimers();
  expect(after.map((one, i) => one === before[i])).toEqual([true, false, false]);
});

describe('what is not there', () => {
  const wrong = (pattern: string) => {
    try {
      localContext(dir, IGNORE, {}).assertThere(pattern);
      return undefined;
    } catch (error) {
      const { message, hint } = error as ImageError;
      return hint === undefined ? message : `${message} ${hint}`;
    }
  };
  test('is told before anything is copied, with what may be meant', () => {
    expect(wrong('/a/one.cc')).toBe('"/a/one.cc" is not there did you mean one.c?');
    expect(wrong('/to-a/ones.c')).toMatch(/did you mean one\.c/);
    expect(wrong('/nothing/here')).toBe('"/nothing/here" is not there');
    expect(wrong('/nothing/*.c')).toBe('"/nothing" is not there');
    expect(wrong('/dangling.c')).toBe('"/dangling.c" is not there: it is a link to nowhere');
    expect(wrong('/b/out/x')).toMatch(/"\/b\/out\/x" is left out by \.dockerignore .*!b\/out\/x/);
  });
  test('may be a path of this machine', () => {
    expect(wrong(`${dir}/a/one.c`)).toBe(`"${dir}/a/one.c" is not there: paths begin at the context write a/one.c`);
  });
  test('is nothing else', () => {
    for (const pattern of ['/', '/a', '/*.none', '/to-a/one.c', '/kept/out/wanted', '/round/top.c']) {
      expect(wrong(pattern)).toBeUndefined();
    }
  });
});
