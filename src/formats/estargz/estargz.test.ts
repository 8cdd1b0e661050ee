import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collect, inPieces, memoryBlob } from '../../../test/bytes.ts';
import { chunkBytes } from '../../../test/chunk-bytes.ts';
import { member, sampleTar, written } from '../../../test/chunked.ts';
import { contentsOf, rawMember, scanAll } from '../../../test/tar.ts';
import { digestOf } from '../../base/digest.ts';
import { verifyToc } from '../chunked/verify.ts';
import { END_OF_ARCHIVE } from '../tar/encode.ts';
import { NO_PREFETCH, PREFETCH, TOC_DIGEST, TOC_NAME, UNCOMPRESSED_SIZE } from './names.ts';
import { readEstargz } from './read.ts';
import { estargz } from './write.ts';

const tar = sampleTar();
const write = (from: Uint8Array = tar, piece?: number) =>
  written(from, (bytes) => estargz(bytes, { size: from.length }), piece);
const BESIDES = new Set([PREFETCH, NO_PREFETCH]);

describe('eStargz', () => {
  it('is a gzip file of the tar, with something behind its end', async () => {
    const { blob, diffId, annotations } = await write();
    const plain = gunzipSync(blob);
    expect(plain.subarray(0, tar.length).equals(tar)).toBe(true);
    expect(digestOf(plain)).toBe(diffId);
    expect(annotations[UNCOMPRESSED_SIZE]).toBe(String(plain.length));
    const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name);
    expect(names(await scanAll(plain))).toEqual(names(await scanAll(tar)));
    const rest = plain.subarray(tar.length);
    expect(names(await scanAll(rest))).toEqual([NO_PREFETCH, TOC_NAME]);
  });

  it('gives every file to who knows the table of contents alone', async () => {
    const { blob, annotations } = await write();
    const toc = await readEstargz(memoryBlob(blob), blob.length, annotations);
    const entries = await scanAll(tar);
    let files = 0;
    for (const entry of entries.filter(({ kind, size }) => kind === 'file' && size > 0)) {
      const found = toc.entries.find(({ name }) => name === entry.name);
      const parts: Buffer[] = [];
      for (const chunk of found?.chunks ?? []) parts.push(await collect(chunkBytes(memoryBlob(blob), chunk, 'gzip')));
      expect(Buffer.concat(parts).equals(contentsOf(tar, entry)), entry.name).toBe(true);
      files++;
    }
    expect(files).toBe(4);
    expect(toc.entries.find(({ name }) => name === 'var/large')?.chunks.map(({ size }) => size)).toEqual([
      4_194_304, 1_175_696,
    ]);
    await verifyToc(toc, inPieces(tar, 5000), { besides: BESIDES });
  });

  it('does not depend on the pieces it is made of', async () => {
    const [a, b] = [await write(tar, 4096), await write(tar, 1_000_000)];
    expect(a.blob.equals(b.blob)).toBe(true);
    // Golden: what a version of pare once wrote, every other writes.
    expect(digestOf(a.blob)).toBe('sha256:df25c7b3297a4ea6c7506e6fb8c5ec3d196e7fa9bc50cae0e0855622917e01cd');
  });

  it('is made of another table of contents anew', async () => {
    const once = await write();
    const again = await write(gunzipSync(once.blob));
    expect(again.blob.equals(once.blob)).toBe(true);
    const inside = Buffer.concat([
      tar.subarray(0, -END_OF_ARCHIVE.length),
      member({ kind: 'file', name: TOC_NAME }, Buffer.from('{}')),
      END_OF_ARCHIVE,
    ]);
    expect((await write(inside)).diffId).toBe(once.diffId);
  });

  it('keeps a landmark that is there', async () => {
    const marked = Buffer.concat([member({ kind: 'file', name: PREFETCH }, Buffer.of(0xf)), tar]);
    const plain = gunzipSync((await write(marked)).blob);
    expect((await scanAll(plain.subarray(marked.length))).map(({ name }) => name)).toEqual([TOC_NAME]);
  });

  it('ends a tar that does not say where it ends', async () => {
    const open = tar.subarray(0, -END_OF_ARCHIVE.length);
    expect((await write(open)).diffId).toBe((await write()).diffId);
  });

  it.each([
    ['a sparse file', rawMember('S', 'sparse', '', { magic: 'ustar  \0' })],
    ['a name that is not UTF-8', member({ kind: 'file', name: 'caf\udce9' })],
    ['a global header', rawMember('g', 'pax_global_header', '13 comment=x\n')],
    ['a name twice', Buffer.concat([member({ kind: 'file', name: 'a' }), member({ kind: 'file', name: './a' })])],
    ['a time of the year 33658', member({ kind: 'file', name: 'a', mtime: 1_000_000_000_000 })],
  ])('refuses %s', async (_, bytes) => {
    await expect(write(Buffer.concat([bytes, END_OF_ARCHIVE]))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  it('is not read where its table of contents is another', async () => {
    const { blob, annotations } = await write();
    const other = { ...annotations, [TOC_DIGEST]: digestOf('') };
    await expect(readEstargz(memoryBlob(blob), blob.length, other)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    const cut = blob.subarray(0, -1);
    await expect(readEstargz(memoryBlob(cut), cut.length, annotations)).rejects.toMatchObject({ code: 'INVALID' });
  });
});
