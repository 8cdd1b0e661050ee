import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openOutputFile } from './output-file.ts';
import { statsAt } from './stats.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-stats-'));
  writeFileSync(join(dir, 'file'), 'x');
  symlinkSync('loop', join(dir, 'loop'));
  symlinkSync('nowhere', join(dir, 'dangling'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What stat(2) cannot say anything of, for root as well. */
const UNKNOWN = [
  ['a link to itself', 'loop', 'ELOOP'],
  ['a name that is too long', 'a'.repeat(300), 'ENAMETOOLONG'],
] as const;

test('what is there, and what is not', () => {
  expect(statsAt(dir, 'cannot look')?.isDirectory()).toBe(true);
  expect(statsAt(join(dir, 'file'), 'cannot look')?.size).toBe(1);
  for (const name of ['nothing', 'nothing/x', 'file/x', 'dangling']) {
    expect(statsAt(join(dir, name), 'cannot look'), name).toBeUndefined();
  }
});

describe('what cannot be told is a failure of the system', () => {
  test.each(UNKNOWN)('%s', (_, name, code) => {
    const message = expect.stringMatching(new RegExp(`^cannot look: .*\\(${code}\\)$`));
    expect(() => statsAt(join(dir, name), 'cannot look')).toThrow(expect.objectContaining({ code: 'IO', message }));
  });

  test.each(UNKNOWN)('%s as an archive to be written, or its directory', async (_, name, code) => {
    for (const path of [join(dir, name), join(dir, name, 'x.tar')]) {
      const message = expect.stringMatching(new RegExp(`^cannot write ${path}: .*\\(${code}\\)$`));
      await expect(openOutputFile(path)).rejects.toMatchObject({ name: 'ImageError', code: 'IO', message });
    }
  });

  test('below a file there is no directory to write to', async () => {
    await expect(openOutputFile(join(dir, 'file/x.tar'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
