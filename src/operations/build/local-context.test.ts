/** What is remembered of a directory from build to build, and what is not. */
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Digest } from '../../base/digest.ts';
import { digestOfNode } from '../../builders/dockerfile/describe.ts';
import { openContentDigests } from '../../store/content-digests.ts';
import { IGNORE_NOTHING } from './ignore.ts';
import { localContext } from './local-context.ts';

let dir: string;
const file = () => join(dir, 'context/file');

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-context-'));
  mkdirSync(join(dir, 'context'));
  writeFileSync(file(), 'first');
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(dir, { recursive: true });
});

/** As a build would, `later` milliseconds from now. @returns the digest, and whether anything was computed */
async function build(later: number, meanwhile: () => void = () => undefined): Promise<readonly [Digest, boolean]> {
  vi.useFakeTimers({ now: Date.now() + later, toFake: ['Date'] });
  const contents = openContentDigests(join(dir, 'digests'));
  const context = localContext(join(dir, 'context'), IGNORE_NOTHING, {});
  const compute = async () => {
    const { root } = await context.tree();
    const digest = await digestOfNode(root, contents, {});
    meanwhile();
    return digest;
  };
  const { digest, seen } = await contents.ofFiles('all', () => context.fingerprint('/'), compute);
  await contents.save();
  vi.useRealTimers();
  return [digest, seen === undefined];
}

/** Nothing but the time of change shows it. */
function rewrite(text: string): void {
  writeFileSync(file(), text);
  utimesSync(file(), new Date(0), new Date(0));
}

test('files that are old enough are not looked into again', async () => {
  const [first] = await build(10_000);
  expect(await build(10_000)).toEqual([first, false]);
});

test('files that are too young are, every time', async () => {
  const [first] = await build(0);
  expect(await build(0)).toEqual([first, true]);
  rewrite('other');
  expect((await build(0))[0]).not.toBe(first);
});

test('a change of which neither size nor time of modification tell is seen', async () => {
  rewrite('first');
  const [first] = await build(10_000);
  rewrite('other');
  const [second, computed] = await build(10_000);
  expect([second === first, computed]).toEqual([false, true]);
  rewrite('first');
  expect(await build(10_000)).toEqual([first, true]);
});

test('of files that change while they are looked into, nothing is remembered', async () => {
  const [first] = await build(0, () => rewrite('after'));
  const [second, computed] = await build(10_000);
  expect([second === first, computed]).toEqual([false, true]);
  expect(await build(10_000)).toEqual([second, false]);
});
