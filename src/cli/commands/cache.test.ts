import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../command.ts';
import { parseAndRun } from '../program.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pare-cache-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** @returns what a run says was removed: undefined where removing was not its task */
async function cache(...words: readonly string[]): Promise<unknown> {
  let printed: { readonly removed?: unknown } = {};
  const context: Partial<Context> = {
    json: true,
    run: {},
    env: { PARE_HOME: directory },
    printJson: (value) => {
      printed = value as typeof printed;
    },
  };
  const nothing = () => undefined;
  await parseAndRun(['cache', ...words], () => context as Context, { writeOut: nothing, writeErr: nothing });
  return printed.removed;
}

test.each([
  ['du', '--clear'],
  ['--clear', 'du'],
  ['du', '--all'],
  ['du', '--dry-run'],
  ['du', '--max-used-space', '1g'],
  ['du', '--keep-storage', '1g'],
  ['du', '--reserved-space', '1g'],
  ['--all'],
])('%s %s removes nothing', async (...words) => {
  const refusal = { code: 'USAGE', message: 'nothing is removed without being asked to' };
  await expect(cache(...words)).rejects.toMatchObject(refusal);
});

test.each([['prune'], ['prune', '--clear'], ['prune', '--all'], ['--clear']])('%s %s removes', async (...words) => {
  expect(await cache(...words)).toEqual([]);
});

test.each([[], ['du'], ['du', '--verbose']])('%s %s only tells', async (...words) => {
  expect(await cache(...words)).toBeUndefined();
});
