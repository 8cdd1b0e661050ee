import assert from 'node:assert/strict';
import { ImageError } from '../../src/base/errors.ts';
import { END_OF_ARCHIVE, encodeHeader } from '../../src/formats/tar/encode.ts';
import { BLOCK } from '../../src/formats/tar/header.ts';
import { encodePax, type PaxRecord } from '../../src/formats/tar/pax-encode.ts';
import { LayerStream, readLayer } from '../../src/model/layer/read.ts';
import { memoryBlob } from '../bytes.ts';
import { GNU, oldSparse, PLAIN, rawMember, scanAll, sealHeader, streamAll } from '../tar.ts';

/** Reading at random access and as a stream agree, and what is found lies inside the archive, one behind the other. */
export const tar = {
  name: 'tar',
  async run(bytes: Uint8Array): Promise<void> {
    await read(bytes);
    await read(withChecksums(bytes));
  },
  seeds,
};

/** The same bytes as a layer. */
export const layer = {
  name: 'layer',
  async run(bytes: Uint8Array): Promise<void> {
    const archive = withChecksums(bytes);
    const blob = memoryBlob(archive);
    const random = await settled(() => Array.fromAsync(readLayer(blob, archive.length)));
    const streamed = await settled(() => {
      const stream = new LayerStream(blob);
      const entries = stream.push(archive);
      stream.end();
      return entries;
    });
    assert.deepEqual(streamed, random);
    for (const entry of random ?? []) assert.match(entry.path, /^\/(?!.*(?:^|\/)\.{0,2}(?:\/|$))|^\/$/su);
    if (random === undefined) throw new ImageError('INVALID', 'refused');
  },
  seeds,
};

async function read(bytes: Uint8Array): Promise<void> {
  const streamed = await settled(() => streamAll(bytes, 1 + (bytes.length % 700)));
  const random = await settled(() => scanAll(bytes));
  assert.deepEqual(streamed, random);
  let end = 0;
  for (const entry of random ?? []) {
    assert.equal(entry.start, end);
    assert.ok(entry.body > entry.start && entry.body + entry.stored <= bytes.length && entry.end >= entry.body);
    for (const extent of entry.extents ?? []) assert.ok(extent.at + extent.size <= entry.size);
    end = entry.end;
  }
}

/** Undefined where the input was refused. */
async function settled<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return undefined;
  }
}

/** A mutated header would fail at its checksum and at nothing else: gives every block that looks like one the right sum. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let at = 0; at + BLOCK <= out.length; at += BLOCK) {
    if (!Buffer.from(out.buffer, at + 257, 5).equals(Buffer.from('ustar'))) continue;
    const block = Buffer.from(out.buffer, at, BLOCK);
    sealHeader(block);
  }
  return out;
}

function seeds(): Uint8Array[] {
  const xattrs = new Map([['security.capability', Uint8Array.of(1, 0, 0, 2, 10, 0)]]);
  const members = [
    encodeHeader({ ...PLAIN, kind: 'dir', name: 'etc/' }),
    encodeHeader({ ...PLAIN, kind: 'file', name: 'etc/a', xattrs, mtime: -1, mtimeNs: 5, uid: 3_000_000_000 }),
    encodeHeader({ ...PLAIN, kind: 'hardlink', name: 'b', linkname: 'etc/a' }),
    encodeHeader({ ...PLAIN, kind: 'symlink', name: 'c', linkname: '../x'.repeat(50) }),
    encodeHeader({ ...PLAIN, kind: 'char', name: 'null', major: 1, minor: 3 }),
    rawMember('0', 'etc/.wh.gone'),
    rawMember('0', 'etc/.wh..wh..opq'),
    rawMember('0', '/../../abs', 'body'),
  ];
  const gnu = [
    rawMember('L', '././@LongLink', `${'n'.repeat(200)}\0`, { magic: GNU }),
    rawMember('0', 'n', 'x', { magic: GNU }),
  ];
  const pairs = Array.from({ length: 30 }, (_, i) => [i * 100, 10] as const);
  const map = `3\n0\n5\n10\n5\n20\n5\n`.padEnd(BLOCK, '\0');
  const sparse1: PaxRecord[] = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', 'sparse'],
    ['GNU.sparse.realsize', '30'],
  ];
  const sparse0: PaxRecord[] = [
    ['GNU.sparse.size', '30'],
    ['GNU.sparse.numblocks', '1'],
    ['GNU.sparse.offset', '5'],
    ['GNU.sparse.numbytes', '4'],
  ];
  return [
    [...members, END_OF_ARCHIVE],
    [...gnu, oldSparse('s', 4000, pairs), END_OF_ARCHIVE],
    [rawMember('0', 'x', `${map}123451234512345`, { records: sparse1 }), END_OF_ARCHIVE],
    [
      rawMember('0', 'x', '1234', { records: sparse0 }),
      rawMember('g', 'g', encodePax([['mtime', '-1.5']])),
      members[0]!,
    ],
    [rawMember('\0', 'old/', '', { magic: '' }), END_OF_ARCHIVE],
  ].map((parts) => Buffer.concat(parts as Uint8Array[]));
}
