import { constants, zstdCompressSync } from 'node:zlib';
import { decompress } from '../../src/formats/compress/decompress.ts';
import { inPieces } from '../bytes.ts';

/** Small enough that a bomb is noticed at once. */
const LIMITS = { output: 1 << 22, ratio: 100_000, grace: 1 << 16 };

export const zstd = {
  name: 'zstd',
  async run(bytes: Uint8Array): Promise<void> {
    const pieces = decompress(inPieces(bytes, 1 + (bytes.length % 997)), 'zstd', { limits: LIMITS });
    let size = 0;
    for await (const piece of pieces) size += piece.length;
    if (size > LIMITS.output) throw new Error(`${size} bytes came through`);
  },
  seeds(): Uint8Array[] {
    const text = Buffer.from('words and words, and more of them. '.repeat(20));
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
    const checked = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    return [
      zstdCompressSync(text),
      checked,
      Buffer.concat([skippable, zstdCompressSync('a'), checked, skippable]),
      zstdCompressSync(Buffer.alloc(100_000)),
    ];
  },
};
