import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLibraryNames } from './cache-entry.ts';
import { type CacheEntry, readCacheFile, writeCacheFile } from './cache-file.ts';

const ENTRIES: readonly CacheEntry[] = [
  { name: 'libb.so', path: '/x/libb.so', flags: 0x303 },
  { name: 'liba.so.10', path: '/x/liba.so.10', flags: 0x303 },
  { name: 'liba.so.9', path: '/x/liba.so.9', flags: 0x303 },
  { name: 'libb.so', path: '/x/other', flags: 0x803 },
  { name: 'libb.so', path: '/x/glibc-hwcaps/x86-64-v3/libb.so', flags: 0x303, level: 'x86-64-v3', isaLevel: 2 },
  { name: 'libb.so', path: '/x/glibc-hwcaps/x86-64-v2/libb.so', flags: 0x303, level: 'x86-64-v2', isaLevel: 0 },
  { name: 'libb.so', path: '/x/tls/libb.so', flags: 0x303, hwcap: 1n << 63n },
];

describe.each(['little', 'big'] as const)('%s endian', (endian) => {
  it('reads what it wrote, in the order the loader wants', () => {
    const read = readCacheFile(writeCacheFile(ENTRIES, endian), endian);
    expect(read?.map(({ path }) => path)).toEqual([
      '/x/other',
      '/x/glibc-hwcaps/x86-64-v2/libb.so',
      '/x/glibc-hwcaps/x86-64-v3/libb.so',
      '/x/tls/libb.so',
      '/x/libb.so',
      '/x/liba.so.10',
      '/x/liba.so.9',
    ]);
    expect(new Set(read)).toEqual(new Set(ENTRIES));
  });

  it('keeps the order of what differs in nothing but the path', () => {
    const both = ['/b', '/a'].map((path) => ({ name: 'libx.so', path, flags: 3 }));
    expect(readCacheFile(writeCacheFile(both, endian), endian)).toEqual(both);
  });

  it('writes each string once', () => {
    const bytes = Buffer.from(writeCacheFile([{ name: 'libx.so', path: '/lib/libx.so', flags: 3 }], endian));
    expect(bytes.indexOf('libx.so')).toBe(bytes.lastIndexOf('libx.so'));
  });

  it('is no cache for the other byte order, cut short, or something else', () => {
    const bytes = writeCacheFile(ENTRIES, endian);
    expect(readCacheFile(bytes, endian === 'big' ? 'little' : 'big')).toBeUndefined();
    expect(readCacheFile(bytes.subarray(0, 100), endian)).toBeUndefined();
    expect(readCacheFile(Buffer.from('nonsense'.repeat(10)), endian)).toBeUndefined();
    expect(readCacheFile(new Uint8Array(), endian)).toBeUndefined();
  });
});

it('an empty cache is a cache', () => {
  expect(readCacheFile(Buffer.concat([writeCacheFile([], 'little'), Buffer.alloc(1)]), 'little')).toEqual([]);
});

it('names compare as numbers where they have digits', () => {
  const sorted = ['liba.so.1', 'liba.so.2', 'liba.so.10', 'liba10.so', 'libb.so'];
  expect([...sorted].reverse().sort(compareLibraryNames)).toEqual([
    'liba.so.1',
    'liba.so.2',
    'liba.so.10',
    'liba10.so',
    'libb.so',
  ]);
  expect(compareLibraryNames('liba.so.01', 'liba.so.1')).toBe(0);
});

it('names have an order: antisymmetric, and zero for equal ones', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-', '0', '1', '9', '12'), maxLength: 12 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(Math.sign(compareLibraryNames(a, b)) + Math.sign(compareLibraryNames(b, a))).toBe(0);
      expect(compareLibraryNames(a, a)).toBe(0);
    }),
  );
});
