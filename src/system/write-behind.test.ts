import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../base/digest.ts';
import { pieces } from '../base/stream.ts';
import { writeBehind } from './write-behind.ts';
import { writtenDigest } from './written-digest.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-write-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const MIB = 1 << 20;

/** The bytes in pieces of a size, in one buffer that is used again and again. */
async function* reusing(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
    buffer.fill(0xff);
  }
}

describe('writeBehind', () => {
  test.each([
    [0, 1],
    [1, 1],
    [MIB, MIB],
    [2 * MIB, 65_536],
    [3 * MIB + 5, 70_001],
    [4 * MIB + 1, 3 * MIB + 1],
    // On the thread that hashes.
    [45 * MIB + 1, MIB],
  ])('writes and hashes %d bytes that come in pieces of %d', async (size, pieceSize) => {
    const bytes = Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, i) => i * 2654435761).buffer);
    const wanted = bytes.subarray(0, size);
    const path = join(dir, 'file');
    await using file = await open(path, 'wx+');
    await using digester = writtenDigest(file.fd, path);
    expect(await writeBehind(file, reusing(wanted, pieceSize), digester)).toBe(size);
    expect(readFileSync(path).equals(wanted)).toBe(true);
    expect(await digester.digest(size)).toBe(digestOf(wanted));
  });

  test('says what the file says', async () => {
    await using file = await open('/dev/full', 'w');
    await expect(writeBehind(file, reusing(Buffer.alloc(5 * MIB), MIB))).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('ends with the error of the bytes, and with the signal', async () => {
    await using file = await open(join(dir, 'file'), 'wx');
    const failing = (async function* () {
      yield Buffer.alloc(MIB);
      throw new Error('broken off');
    })();
    await expect(writeBehind(file, failing)).rejects.toThrow('broken off');
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(writeBehind(file, pieces(Buffer.alloc(1)), undefined, { signal })).rejects.toThrow('enough');
  });
});
