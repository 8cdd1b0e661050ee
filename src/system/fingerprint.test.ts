import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FingerprintOptions, fingerprintOf } from './fingerprint.ts';
import { hasSystemCalls, writeXattr } from './linux.ts';

let dir: string;
const at = (name: string) => join(dir, name);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-fingerprint-'));
  mkdirSync(at('a/b'), { recursive: true });
  mkdirSync(at('empty'));
  writeFileSync(at('a/one'), 'one');
  writeFileSync(at('a/two'), 'two');
  writeFileSync(at('a/b/ü'), 'ü');
  writeFileSync(Buffer.concat([Buffer.from(`${dir}/a/`), Buffer.of(0xff)]), 'odd');
  symlinkSync('one', at('a/link'));
});

afterEach(() => rmSync(dir, { recursive: true }));

/** As if looked at long after. */
const look = (options: Partial<FingerprintOptions> = {}) =>
  fingerprintOf(dir, {
    path: '/',
    ignore: () => 'in',
    time: Date.now() + 60_000,
    breathe: async () => undefined,
    ...options,
  });

describe('a fingerprint is another one', () => {
  test.each<readonly [what: string, change: () => void]>([
    ['where bytes change and size and time of modification do not', () => rewrite('a/one', 'eno')],
    ['where a file is replaced by an equal one', () => replace('a/one')],
    ['where two files change places', () => swap('a/one', 'a/two')],
    ['where there is one file more', () => writeFileSync(at('a/b/new'), '')],
    ['where there is one directory more', () => mkdirSync(at('empty/new'))],
    ['where there is one file less', () => rmSync(at('a/two'))],
    ['where a name changes', () => renameSync(at('a/b'), at('a/c'))],
    ['where permissions of a file change', () => chmodSync(at('a/one'), 0o600)],
    ['where permissions of a directory change', () => chmodSync(at('a'), 0o700)],
    ['where a link leads elsewhere', () => relink('a/link', 'two')],
    ['where a file becomes a directory', () => becomeDirectory('a/two')],
  ])('%s', async (_, change) => {
    const before = await look();
    expect(before).toBe(await look());
    change();
    expect(await look()).not.toBe(before);
  });

  test.runIf(hasSystemCalls())('where attributes change', async () => {
    for (const name of ['a', 'a/one']) {
      const before = await look();
      writeXattr(at(name), 'user.x', Buffer.from(name));
      expect(await look()).not.toBe(before);
    }
  });

  test('where more or less of it is wanted', async () => {
    const all = await look();
    const without = (verdict: 'out' | 'perhaps') => look({ ignore: (path) => (path === 'empty' ? verdict : 'in') });
    expect(new Set([all, await without('out'), await without('perhaps'), await look({ path: '/a' })]).size).toBe(4);
  });
});

describe('a fingerprint stays', () => {
  test('where only what is ignored changes', async () => {
    const ignore = (path: string) => (path.startsWith('a/b') ? 'out' : 'in');
    const before = await look({ ignore });
    writeFileSync(at('a/b/new'), '');
    expect(await look({ ignore })).toBe(before);
  });

  test('of a part where the rest changes', async () => {
    const before = [await look({ path: '/a/b' }), await look({ path: '/a/one' })];
    writeFileSync(at('a/two'), 'changed');
    writeFileSync(at('new'), '');
    expect([await look({ path: '/a/b' }), await look({ path: '/a/one' })]).toEqual(before);
  });
});

describe('there is none', () => {
  test('of files that were changed a moment before they were looked at, or since', async () => {
    expect(await look({ time: Date.now() })).toBeUndefined();
    expect(await look({ time: Date.now() - 60_000 })).toBeUndefined();
  });

  test('of what lies behind a link, or is not there', async () => {
    symlinkSync('a', at('way'));
    expect(await look({ path: '/way/one' })).toBeUndefined();
    expect(await look({ path: '/a/link' })).toBeUndefined();
    expect(await look({ path: '/none' })).toBeUndefined();
  });

  test('across file systems', async () => {
    expect(await fingerprintOf('/', { ...everything, path: '/proc/self' })).toBeUndefined();
  });
});

const everything: FingerprintOptions = {
  path: '/',
  ignore: () => 'in',
  time: Date.now() + 60_000,
  breathe: async () => undefined,
};

/** Other bytes, and nothing but the time of change shows it. */
function rewrite(name: string, text: string): void {
  const { atime, mtime } = lstatSync(at(name));
  writeFileSync(at(name), text);
  utimesSync(at(name), atime, mtime);
}

function replace(name: string): void {
  writeFileSync(at('other'), 'one');
  renameSync(at('other'), at(name));
}

function becomeDirectory(name: string): void {
  rmSync(at(name));
  mkdirSync(at(name));
}

function swap(a: string, b: string): void {
  renameSync(at(a), at('aside'));
  renameSync(at(b), at(a));
  renameSync(at('aside'), at(b));
}

function relink(name: string, target: string): void {
  rmSync(at(name));
  symlinkSync(target, at(name));
}
