import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../base/digest.ts';
import { digestBeside, fileDigester } from './hash-thread.ts';

const BYTES = Buffer.from(Uint32Array.from({ length: 300_000 }, (_, i) => i * 2654435761).buffer);

let dir: string;
let handle: FileHandle;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pare-hash-'));
  writeFileSync(join(dir, 'file'), BYTES);
  handle = await open(join(dir, 'file'), 'r+');
});
afterEach(async () => {
  await handle.close();
  rmSync(dir, { recursive: true });
});

const file = (size = BYTES.length) => ({ fd: handle.fd, size, shown: 'the file' });

describe('digestBeside', () => {
  test.each([0, 1, 262_144, 262_145, BYTES.length])('is the digest of the first %d bytes', async (size) => {
    expect(await digestBeside(file(size), 'sha256')).toBe(digestOf(BYTES.subarray(0, size)));
  });

  test('of several files at once, by either algorithm', async () => {
    const asked = [100, BYTES.length, 5].flatMap((size) => [
      digestBeside(file(size), 'sha256'),
      digestBeside(file(size), 'sha512'),
    ]);
    const wanted = [100, BYTES.length, 5].flatMap((size) => {
      const part = BYTES.subarray(0, size);
      return [digestOf(part), digestOf(part, 'sha512')];
    });
    expect(await Promise.all(asked)).toEqual(wanted);
  });

  test('says where the file ends before its size', async () => {
    await expect(digestBeside(file(BYTES.length + 1), 'sha256')).rejects.toMatchObject({
      code: 'INVALID',
      message: `the file ends at byte ${BYTES.length}, where ${BYTES.length + 1} bytes were expected`,
    });
  });

  test('says what the system says', async () => {
    await using directory = await open(dir, 'r');
    const asked = digestBeside({ fd: directory.fd, size: 1, shown: 'the directory' }, 'sha256');
    await expect(asked).rejects.toThrow(/^cannot read the directory: .*EISDIR/);
    expect(await digestBeside(file(), 'sha256')).toBe(digestOf(BYTES));
  });

  test('ends with the signal, without having read it all', async () => {
    const sparse = join(dir, 'sparse');
    await using large = await open(sparse, 'wx+');
    await large.truncate(2 ** 40);
    const abort = new AbortController();
    const asked = digestBeside({ fd: large.fd, size: 2 ** 40, shown: sparse }, 'sha256', abort.signal);
    abort.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await expect(digestBeside(file(), 'sha256', abort.signal)).rejects.toThrow('enough');
    expect(await digestBeside(file(), 'sha256')).toBe(digestOf(BYTES));
  });
});

describe('fileDigester', () => {
  test('follows a file that grows', async () => {
    await handle.truncate(0);
    await using digester = fileDigester(handle.fd, 'the file', 'sha256');
    for (let at = 0; at < BYTES.length; at += 400_000) {
      await handle.write(BYTES.subarray(at, at + 400_000), 0, undefined, at);
      digester.upTo(Math.min(at + 400_000, BYTES.length));
    }
    expect(await digester.digest()).toBe(digestOf(BYTES));
  });

  test('may be given up', async () => {
    const digester = fileDigester(handle.fd, 'the file', 'sha256');
    digester.upTo(BYTES.length);
    await digester[Symbol.asyncDispose]();
    await digester[Symbol.asyncDispose]();
    expect(await digestBeside(file(), 'sha256')).toBe(digestOf(BYTES));
  });
});
