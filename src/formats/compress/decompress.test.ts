import { spawnSync } from 'node:child_process';
import { constants, createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collect, inPieces, layerLike } from '../../../test/bytes.ts';
import { decompress } from './decompress.ts';
import { type Compression, detectCompression } from './detect.ts';
import { gzip } from './gzip.ts';
import { DECOMPRESS_LIMITS } from './limits.ts';
import { zstd } from './zstd.ts';

const plain = layerLike(900_000);
const one = gzipSync(plain);
const SKIPPABLE = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 0x28, 0xb5, 0x2f]);

function unpack(bytes: Uint8Array, kind: Compression, piece = 65_536, limits = DECOMPRESS_LIMITS): Promise<Buffer> {
  return collect(decompress(inPieces(bytes, piece), kind, { limits }));
}

describe('what a blob is compressed with', () => {
  it.each([
    ['gzip', one],
    ['zstd', zstdCompressSync('x')],
    ['zstd', SKIPPABLE],
    ['xz', Buffer.from('\xfd7zXZ\0\0', 'latin1')],
    ['bzip2', Buffer.from('BZh91AY')],
    ['none', Buffer.from('etc/passwd')],
    ['none', Buffer.alloc(0)],
    ['none', Buffer.from([0x1f])],
  ])('%s', (kind, bytes) => expect(detectCompression(bytes)).toBe(kind));
});

describe('gzip', () => {
  it.each([1 << 20, 65_536, 1000])('is read in pieces of %i', async (piece) => {
    expect((await unpack(one, 'gzip', piece)).equals(plain)).toBe(true);
  });

  it('may have many members, and zeros behind the last', async () => {
    const members = Array.from({ length: 50 }, (_, i) => gzipSync(`member ${i} `));
    const bytes = Buffer.concat([...members, Buffer.alloc(1000)]);
    for (const piece of [1, 7, 100_000]) {
      expect((await unpack(bytes, 'gzip', piece)).toString()).toBe(members.map((_, i) => `member ${i} `).join(''));
    }
  });

  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['half a header', one.subarray(0, 5)],
    ['a body cut off', one.subarray(0, 300_000)],
    ['a trailer cut off', one.subarray(0, one.length - 1)],
    ['a second member cut off', Buffer.concat([one, one.subarray(0, 100)])],
    ['garbage behind', Buffer.concat([one, Buffer.from('garbage')])],
    ['garbage behind zeros', Buffer.concat([one, Buffer.alloc(100_000), Buffer.from([1])])],
    ['a member behind zeros', Buffer.concat([one, Buffer.alloc(3), one])],
    ['a wrong checksum', Buffer.concat([one.subarray(0, -8), Buffer.alloc(4), one.subarray(-4)])],
    ['a wrong size', Buffer.concat([one.subarray(0, -4), Buffer.alloc(4)])],
    ['no gzip', plain.subarray(700_000)],
  ])('is refused with %s', async (_, bytes) => {
    await expect(unpack(bytes, 'gzip')).rejects.toMatchObject({ code: 'INVALID' });
  });
});

describe('zstd', () => {
  const parts = [0, 1, 20_000, 50_000, 5].map(layerLike);
  const frames = Buffer.concat([SKIPPABLE, ...parts.flatMap((part) => [zstdCompressSync(part), SKIPPABLE])]);

  it.each([1, 3, 4, 5, 100, 10_000, 1 << 20])(
    'may have many frames, some to be skipped; pieces of %i',
    async (piece) => {
      expect((await unpack(frames, 'zstd', piece)).equals(Buffer.concat(parts))).toBe(true);
    },
  );

  it('has frames of every kind of header', async () => {
    const text = Buffer.from('text '.repeat(30_000));
    const streamed = async (params: Record<number, number>) => {
      const stream = createZstdCompress({ params });
      stream.end(text);
      return collect(stream);
    };
    const variants = [
      zstdCompressSync(text.subarray(0, 200)),
      zstdCompressSync(text.subarray(0, 1000)),
      zstdCompressSync(text),
      zstdCompressSync(Buffer.alloc(500_000)),
      await streamed({ [constants.ZSTD_c_checksumFlag]: 1 }),
      await streamed({ [constants.ZSTD_c_contentSizeFlag]: 0 }),
      await streamed({ [constants.ZSTD_c_windowLog]: 10 }),
    ];
    const expected = Buffer.concat([
      text.subarray(0, 200),
      text.subarray(0, 1000),
      text,
      Buffer.alloc(500_000),
      text,
      text,
      text,
    ]);
    expect((await unpack(Buffer.concat(variants), 'zstd', 777)).equals(expected)).toBe(true);
  });

  it.each([
    ['a frame cut off', frames.subarray(0, frames.length - SKIPPABLE.length - 3)],
    ['a skippable frame cut off', frames.subarray(0, -1)],
    ['half a magic number', frames.subarray(0, 2)],
    ['garbage behind', Buffer.concat([frames, Buffer.from('garbage')])],
    ['zeros behind', Buffer.concat([frames, Buffer.alloc(100)])],
    ['no zstd', plain.subarray(700_000)],
  ])('is refused with %s', async (_, bytes) => {
    await expect(unpack(bytes, 'zstd')).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('is written in frames that the zstd program joins, the same however it is fed', async () => {
    const input = layerLike(10_000_000);
    const made = await collect(zstd(inPieces(input, 1 << 20)));
    expect(made.equals(await collect(zstd(inPieces(input, 999_999), { concurrency: 1 })))).toBe(true);
    expect((await unpack(made, 'zstd')).equals(input)).toBe(true);
    const { stdout, error } = spawnSync('zstd', ['-dc'], { input: made, maxBuffer: 1 << 25 });
    if (error !== undefined && process.env['CI'] === undefined) {
      process.stderr.write('skipped: the program zstd is not here\n');
      return;
    }
    expect(stdout.equals(input)).toBe(true);
  });
});

describe('limits', () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  const limits = { output: 30_000_000, ratio: 100, grace: 25_000_000 };

  it('let pass what stays below them', async () => {
    expect((await unpack(bomb, 'gzip', 65_536, limits)).length).toBe(20_000_000);
  });

  it.each([
    ['bytes in all', { ...limits, output: 10_000_000 }],
    ['bytes for each byte read, behind the first many', { ...limits, grace: 1_000_000 }],
  ])('bound %s', async (_, tight) => {
    await expect(unpack(bomb, 'gzip', 65_536, tight)).rejects.toMatchObject({ code: 'LIMIT' });
    const zstandard = zstdCompressSync(Buffer.alloc(20_000_000));
    await expect(unpack(zstandard, 'zstd', 65_536, tight)).rejects.toMatchObject({ code: 'LIMIT' });
  });
});

describe('the source', () => {
  async function* watched(bytes: Uint8Array, closed: () => void) {
    try {
      yield* inPieces(bytes, 4096);
    } finally {
      closed();
    }
  }

  it.each([
    ['none', plain],
    ['gzip', one],
    ['zstd', zstdCompressSync(plain)],
  ] as const)('is closed where the consumer stops early (%s)', async (kind, bytes) => {
    let closed = 0;
    for await (const _ of decompress(
      watched(bytes, () => closed++),
      kind,
    ))
      break;
    expect(closed).toBe(1);
  });

  it('is closed where its bytes are broken', async () => {
    let closed = 0;
    const broken = Buffer.concat([one.subarray(0, 5000), Buffer.alloc(100_000, 0xff)]);
    await expect(
      collect(
        decompress(
          watched(broken, () => closed++),
          'gzip',
        ),
      ),
    ).rejects.toThrow(/broken compressed data/);
    expect(closed).toBe(1);
  });

  it('has its own errors passed on', async () => {
    async function* failing() {
      yield one.subarray(0, 1000);
      throw new Error('connection lost');
    }
    await expect(collect(decompress(failing(), 'gzip'))).rejects.toThrow('connection lost');
  });

  it('has its error in closing passed on too', async () => {
    async function* clinging() {
      try {
        yield* inPieces(one, 4096);
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: what is tested
        throw new Error('cannot close');
      }
    }
    const work = async () => {
      for await (const _ of decompress(clinging(), 'gzip')) break;
    };
    await expect(work()).rejects.toThrow('cannot close');
  });

  it('is left at the signal', async () => {
    const controller = new AbortController();
    const work = async () => {
      for await (const _ of decompress(inPieces(one, 4096), 'gzip', { signal: controller.signal })) {
        controller.abort(new Error('enough'));
      }
    };
    await expect(work()).rejects.toThrow('enough');
  });
});

it.each(['xz', 'bzip2'] as const)('%s is not read', async (kind) => {
  await expect(unpack(plain, kind)).rejects.toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining(kind) });
});

it('what pare compresses it reads', async () => {
  const made = await collect(gzip(inPieces(plain, 1 << 20), { size: plain.length }));
  expect((await unpack(made, 'gzip')).equals(plain)).toBe(true);
});
