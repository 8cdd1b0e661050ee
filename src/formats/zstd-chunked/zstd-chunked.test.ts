import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { collect, inPieces, memoryBlob } from '../../../test/bytes.ts';
import { chunkBytes } from '../../../test/chunk-bytes.ts';
import { member, sampleTar, written } from '../../../test/chunked.ts';
import { contentsOf, scanAll } from '../../../test/tar.ts';
import { digestOf } from '../../base/digest.ts';
import { verifyToc } from '../chunked/verify.ts';
import { decompress } from '../compress/decompress.ts';
import { END_OF_ARCHIVE } from '../tar/encode.ts';
import { Crc64 } from './crc64.ts';
import { TOC_DIGEST, TOC_POSITION } from './names.ts';
import { readZstdChunked } from './read.ts';
import { zstdChunked } from './write.ts';

const tar = sampleTar();
const write = (from: Uint8Array = tar, piece?: number) => written(from, (bytes) => zstdChunked(bytes), piece);
const plainOf = (blob: Uint8Array) => collect(decompress(inPieces(blob, 70_001), 'zstd'));
const NOTHING: ReadonlySet<string> = new Set();

describe('zstd:chunked', () => {
  it('is a zstd file of the very tar', async () => {
    const { blob, diffId } = await write();
    expect((await plainOf(blob)).equals(tar)).toBe(true);
    expect(diffId).toBe(digestOf(tar));
  });

  it('keeps what stands behind the end of the archive', async () => {
    const padded = Buffer.concat([tar, Buffer.alloc(9000), Buffer.from('and this')]);
    const { blob, diffId } = await write(padded);
    expect((await plainOf(blob)).equals(padded)).toBe(true);
    expect(diffId).toBe(digestOf(padded));
  });

  it('gives every file to who knows the table of contents alone', async () => {
    const { blob, annotations } = await write();
    const { toc } = await readZstdChunked(memoryBlob(blob), blob.length, annotations);
    const entries = await scanAll(tar);
    expect(toc.entries.map(({ name }) => name)).toEqual(entries.map(({ name }) => name));
    for (const [i, entry] of entries.entries()) {
      if (entry.kind !== 'file') continue;
      const parts: Buffer[] = [];
      for (const chunk of toc.entries[i]?.chunks ?? []) {
        parts.push(await collect(chunkBytes(memoryBlob(blob), chunk, 'zstd')));
      }
      expect(Buffer.concat(parts).equals(contentsOf(tar, entry)), entry.name).toBe(true);
    }
    expect(toc.entries.find(({ name }) => name === 'var/large')?.chunks.length).toBeGreaterThan(5);
    await verifyToc(toc, inPieces(tar, 5000), { besides: NOTHING });
  });

  it('has the tar without its contents, from which the tar comes again', async () => {
    const { blob, annotations } = await write();
    const { tarSplit, toc } = await readZstdChunked(memoryBlob(blob), blob.length, annotations);
    const lines = Buffer.from(tarSplit ?? [])
      .toString()
      .trimEnd()
      .split('\n');
    const contents = new Map((await scanAll(tar)).map((entry) => [entry.name, entry]));
    const parts: Buffer[] = [];
    for (const [position, line] of lines.entries()) {
      const value = JSON.parse(line) as { type: number; name?: string; payload: string | null; position: number };
      expect(value.position).toBe(position);
      if (value.type === 2) parts.push(Buffer.from(value.payload ?? '', 'base64'));
      else {
        const entry = contents.get(value.name ?? '');
        if (entry?.kind !== 'file' || entry.size === 0) continue;
        const bytes = contentsOf(tar, entry);
        const crc = new Crc64();
        crc.update(bytes);
        expect(crc.digest().toString('base64')).toBe(value.payload);
        parts.push(bytes);
      }
    }
    expect(Buffer.concat(parts).equals(tar)).toBe(true);
    expect(toc.tarSplit).toBeDefined();
  });

  it('does not depend on the pieces it is made of', async () => {
    const [a, b] = [await write(tar, 4096), await write(tar, 1_000_000)];
    expect(a.blob.equals(b.blob)).toBe(true);
    // Golden: what a version of pare once wrote, every other writes.
    expect(digestOf(a.blob)).toBe('sha256:84d80873775431b892a112cad6fdfc13b3a2746e4134ae8b2f7646874dcb7d14');
  });

  it('has the same bytes again where the files are the same', async () => {
    const changed = Buffer.concat([member({ kind: 'file', name: 'first' }, Buffer.from('new')), tar]);
    const [before, after] = [await write(), await write(changed)];
    const large = async ({ blob, annotations }: typeof before) => {
      const { toc } = await readZstdChunked(memoryBlob(blob), blob.length, annotations);
      const chunks = toc.entries.find(({ name }) => name === 'var/large')?.chunks ?? [];
      return chunks.map(({ offset, end }) => blob.subarray(offset, end).toString('base64'));
    };
    expect(await large(after)).toEqual(await large(before));
  });

  it('is not read where its table of contents is another', async () => {
    const { blob, annotations } = await write();
    const read = (changed: Record<string, string>) =>
      readZstdChunked(memoryBlob(blob), blob.length, { ...annotations, ...changed });
    await expect(read({ [TOC_DIGEST]: digestOf('') })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    await expect(read({ [TOC_POSITION]: '1:2:3' })).rejects.toMatchObject({ code: 'INVALID' });
    await expect(read({ [TOC_POSITION]: `${blob.length}:2:3:1` })).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('is found out where its table of contents speaks of another tar', async () => {
    const { blob, annotations } = await write();
    const { toc } = await readZstdChunked(memoryBlob(blob), blob.length, annotations);
    const other = (name: string, body: string) =>
      Buffer.concat([member({ kind: 'file', name, mode: 0o600 }, Buffer.from(body)), END_OF_ARCHIVE]);
    const compare = (bytes: Buffer) => verifyToc(toc, inPieces(bytes, 999), { besides: NOTHING });
    await expect(compare(other('x', 'y'))).rejects.toMatchObject({ code: 'INVALID' });
    await expect(compare(END_OF_ARCHIVE as Buffer)).rejects.toThrow('it is not in the tar');
    const bytes = Buffer.from(tar);
    const entry = (await scanAll(tar)).find(({ name }) => name === 'var/large');
    const at = (entry?.body ?? 0) + 4_000_000;
    bytes[at] = ~(bytes[at] ?? 0);
    await expect(compare(bytes)).rejects.toThrow('its chunks');
  });

  it('describes any small tree', async () => {
    const name = fc.stringMatching(/^[a-zé]{1,30}$/);
    const file = fc.record({
      name,
      body: fc.uint8Array({ maxLength: 3000 }),
      mtime: fc.integer({ min: -1e9, max: 4e9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(file, { selector: (one) => one.name, maxLength: 8 }), async (files) => {
        const members = files.map(({ name, body, mtime }) => member({ kind: 'file', name, mtime }, body));
        const bytes = Buffer.concat([...members, END_OF_ARCHIVE]);
        const { blob, annotations, diffId } = await write(bytes, 511);
        expect(diffId).toBe(digestOf(bytes));
        const { toc } = await readZstdChunked(memoryBlob(blob), blob.length, annotations);
        await verifyToc(toc, inPieces(await plainOf(blob), 300), { besides: NOTHING });
      }),
      { numRuns: 30 },
    );
  });
});

it('computes the checksum of tar-split in any pieces', () => {
  const crc = (...parts: string[]) => {
    const sum = new Crc64();
    for (const part of parts) sum.update(Buffer.from(part));
    return sum.digest().toString('hex');
  };
  // The check value of CRC-64/GO-ISO in the catalogue of parametrised CRC algorithms.
  expect(crc('123456789')).toBe('b90956c775a41001');
  expect(crc('1', '2345678', '9')).toBe('b90956c775a41001');
  expect(crc('')).toBe('0000000000000000');
});
