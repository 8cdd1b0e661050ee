import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '../../src/base/digest.ts';
import type { Toc } from '../../src/formats/chunked/toc.ts';
import { encodeFooter } from '../../src/formats/estargz/footer.ts';
import { TOC_DIGEST as ESTARGZ_DIGEST } from '../../src/formats/estargz/names.ts';
import { readEstargz } from '../../src/formats/estargz/read.ts';
import { TOC_DIGEST, TOC_POSITION } from '../../src/formats/zstd-chunked/names.ts';
import { readZstdChunked } from '../../src/formats/zstd-chunked/read.ts';
import { skippable } from '../../src/formats/zstd-chunked/skippable.ts';
import { memoryBlob } from '../bytes.ts';
import { chunkBytes } from '../chunk-bytes.ts';
import { member } from '../chunked.ts';

const CONTENT = Buffer.from('what the file holds');

function table(size: number): Buffer {
  const file = { type: 'reg', name: 'a', size: CONTENT.length, offset: 1, digest: digestOf(CONTENT), endOffset: size };
  return Buffer.from(JSON.stringify({ version: 1, entries: [file] }));
}

async function readAll(bytes: Uint8Array, toc: Toc, compression: 'gzip' | 'zstd'): Promise<void> {
  for (const { chunks } of toc.entries) {
    for (const chunk of chunks) {
      let size = 0;
      for await (const piece of chunkBytes(memoryBlob(bytes), chunk, compression)) size += piece.length;
      if (size !== chunk.size) throw new Error(`${size} bytes of a chunk of ${chunk.size}`);
    }
  }
}

/** Blobs whose table of contents the descriptor trusts, and which have been changed since. */
export const estargzLayer = {
  name: 'estargz',
  async run(bytes: Uint8Array): Promise<void> {
    const content = gzipSync(CONTENT);
    const annotations = { [ESTARGZ_DIGEST]: digestOf(table(1 + content.length)) };
    await readAll(bytes, await readEstargz(memoryBlob(bytes), bytes.length, annotations), 'gzip');
  },
  seeds(): Uint8Array[] {
    const content = Buffer.concat([Buffer.of(0), gzipSync(CONTENT)]);
    const toc = gzipSync(member({ kind: 'file', name: 'stargz.index.json' }, table(content.length)));
    return [Buffer.concat([content, toc, encodeFooter(content.length)])];
  },
};

export const zstdChunkedLayer = {
  name: 'zstd-chunked',
  async run(bytes: Uint8Array): Promise<void> {
    const content = 1 + zstdCompressSync(CONTENT).length;
    const toc = zstdCompressSync(table(content));
    const position = `${content + 8}:${toc.length}:${table(content).length}:1`;
    const annotations = { [TOC_DIGEST]: digestOf(toc), [TOC_POSITION]: position };
    const read = await readZstdChunked(memoryBlob(bytes), bytes.length, annotations);
    await readAll(bytes, read.toc, 'zstd');
  },
  seeds(): Uint8Array[] {
    const content = Buffer.concat([Buffer.of(0), zstdCompressSync(CONTENT)]);
    return [Buffer.concat([content, skippable(zstdCompressSync(table(content.length)))])];
  },
};
