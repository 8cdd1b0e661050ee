import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../base/digest.ts';
import { collect, pieces } from '../base/stream.ts';
import { reported } from './progress.ts';
import { handedOn, verified } from './verified.ts';

const BYTES = Buffer.from('an image is what its digests say');
const WANTED = { digest: digestOf(BYTES), size: BYTES.length };

const read = (bytes: AsyncIterable<Uint8Array>) => collect(bytes, 1000, 'it');

describe('verified', () => {
  test('gives the bytes, in the pieces they come in', async () => {
    const given: Uint8Array[] = [];
    for await (const piece of verified(WANTED, pieces(BYTES.subarray(0, 7), BYTES.subarray(7)), 'x')) given.push(piece);
    expect(given.map(({ length }) => length)).toEqual([7, BYTES.length - 7]);
  });

  test.each([
    ['fewer', BYTES.subarray(1)],
    ['more', Buffer.concat([BYTES, BYTES])],
    ['others', Buffer.from(BYTES).fill(0, 3, 4)],
  ])('%s bytes are an error', async (_, bytes) => {
    await expect(read(verified(WANTED, pieces(bytes), 'x'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('what is verified is not verified once more, also when it has been handed on', () => {
    const once = verified(WANTED, pieces(BYTES), 'x');
    expect(verified(WANTED, once, 'y')).toBe(once);
    const told = reported(once, 'reading', {});
    expect(verified(WANTED, told, 'y')).toBe(told);
  });

  test('bytes that are those of another descriptor are hashed', async () => {
    const once = verified(WANTED, pieces(BYTES), 'x');
    const digest = digestOf('something else') as Digest;
    await expect(read(verified({ ...WANTED, digest }, once, 'y'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const again = verified(WANTED, pieces(BYTES), 'x');
    await expect(read(verified({ ...WANTED, size: 1 }, again, 'y'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  test('handing on what nobody has verified promises nothing', async () => {
    const bytes = handedOn(pieces(BYTES), pieces(Buffer.from('others')));
    await expect(read(verified(WANTED, bytes, 'x'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});
