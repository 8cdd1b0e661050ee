import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { machineHas } from '../../../test/e2e/needs.ts';
import { readElf } from '../../formats/elf/read.ts';
import { busyboxApplets, toyboxApplets } from './applets.ts';

const elfOf = (bytes: Uint8Array) =>
  readElf(async (offset, size) => bytes.subarray(offset, offset + size), bytes.length);

describe('the commands of a real', () => {
  test.runIf(machineHas({ programs: ['busybox'] }))('busybox are those it lists', () => {
    const path = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    const listed = execFileSync(path, ['--list'], { encoding: 'utf8' }).trim().split('\n');
    expect(busyboxApplets(readFileSync(path))).toEqual(listed);
  });

  test.runIf(machineHas({ programs: ['toybox'] }))('toybox are those it lists', async () => {
    const path = execFileSync('sh', ['-c', 'command -v toybox'], { encoding: 'utf8' }).trim();
    const listed = execFileSync(path, [], { encoding: 'utf8' }).trim().split(/\s+/);
    const bytes = readFileSync(path);
    const elf = await elfOf(bytes);
    expect(elf && toyboxApplets(bytes, elf)).toEqual(listed);
  });
});

test('of several runs of names the longest that has "busybox" counts', () => {
  const bytes = Buffer.from('\x7fELF\0junk\xff\0ash\0busybox\0cat\0ls\0\0busybox\0zcat\0a b\0');
  expect(busyboxApplets(bytes)).toEqual(['ash', 'busybox', 'cat', 'ls']);
  expect(busyboxApplets(Buffer.from('no such thing'))).toEqual([]);
});

test('whatever the bytes, there is an answer', async () => {
  const head = readFileSync(process.execPath).subarray(0, 4096);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.nat(4096), async (noise, at) => {
      const bytes = Buffer.concat([head.subarray(0, at), noise, Buffer.from('\0toybox\0busybox\0')]);
      expect(busyboxApplets(bytes).length).toBeGreaterThan(0);
      const elf = await elfOf(bytes).catch(() => undefined);
      if (elf !== undefined) expect(Array.isArray(toyboxApplets(bytes, elf))).toBe(true);
    }),
  );
});
