import { parseToc } from '../../src/formats/chunked/toc.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

const text = (...entries: object[]) => Buffer.from(JSON.stringify({ version: 1, entries }));

export const toc = {
  name: 'toc',
  run(bytes: Uint8Array): void {
    const { entries } = parseToc(bytes, 1_000_000);
    for (const { chunks, size } of entries) {
      let at = 0;
      for (const chunk of chunks) {
        if (chunk.at !== at || chunk.size <= 0 || chunk.end <= chunk.offset || chunk.end > 1_000_000) {
          throw new Error(`a chunk that makes no sense came through: ${JSON.stringify(chunk)}`);
        }
        at += chunk.size;
      }
      if (chunks.length > 0 && at !== size) throw new Error(`${at} bytes of chunks in a file of ${size}`);
    }
  },
  seeds(): Uint8Array[] {
    const first = { type: 'reg', name: 'a', size: 30, mode: 420, offset: 10, chunkSize: 10, chunkDigest: DIGEST };
    const more = { type: 'chunk', name: 'a', offset: 90, chunkOffset: 10, chunkDigest: DIGEST };
    const time = '2001-02-03T04:05:06.7Z';
    return [
      text({ type: 'dir', name: 'etc/', mode: 493, uid: 1, gid: 2, modtime: time, xattrs: { 'user.a': 'YQ==' } }),
      text(first, more, { type: 'hardlink', name: 'b', linkName: 'a' }),
      text(
        { type: 'reg', name: 'a', size: 3, digest: DIGEST, offset: 1, endOffset: 9 },
        { type: 'char', name: 'c', devMajor: 1 },
      ),
      Buffer.from(`{"version":1,"entries":[],"tarSplitDigest":"${DIGEST}"}`),
    ];
  },
};
