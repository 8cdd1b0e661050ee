import { gzipSync } from 'node:zlib';
import { decompress } from '../../src/formats/compress/decompress.ts';
import { inPieces } from '../bytes.ts';

/** Small enough that a bomb is noticed at once. */
const LIMITS = { output: 1 << 22, ratio: 1000, grace: 1 << 16 };

export const gzip = {
  name: 'gzip',
  async run(bytes: Uint8Array): Promise<void> {
    const pieces = decompress(inPieces(bytes, 1 + (bytes.length % 997)), 'gzip', { limits: LIMITS });
    let size = 0;
    for await (const piece of pieces) size += piece.length;
    if (size > LIMITS.output) throw new Error(`${size} bytes came through`);
  },
  seeds(): Uint8Array[] {
    const text = 'words and words, and more of them. '.repeat(20);
    return [
      gzipSync(text),
      gzipSync(text, { level: 0 }),
      Buffer.concat([gzipSync('a'), gzipSync(text, { level: 9 }), Buffer.alloc(20)]),
      gzipSync(Buffer.alloc(100_000)),
    ];
  },
};
