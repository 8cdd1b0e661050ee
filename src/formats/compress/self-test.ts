/**
 * Whether this Node.js compresses as the one that pare's compressed digests are promised for. A build on another zlib gives
 * layers that are just as good and have other digests; DiffIDs are the same everywhere.
 * @module
 */
import { digestOf } from '../../base/digest.ts';
import { gzip } from './gzip.ts';
import { type CompressionProfile, PROFILE } from './profile.ts';
import { zstd } from './zstd.ts';

/** Digests of what is made of {@link testInput}: by Node.js 24 with the zlib and the zstd it is released with. */
const RECORDED = {
  /** With the settings for the smallest layers and for the largest. */
  gzip: [
    'sha256:0e09184870a0feb75cb673d59971df4323ed21a9f3bec09d4774cbcf4547cec1',
    'sha256:8c09e8c32508a79bbb531de2c5314a5f40b27fee2a4828d1b34a532cf9a963df',
  ],
  zstd: 'sha256:dea74899d41cb2ad18af17a97890356607d46f589e5b8a1aeb9ff0e57a40b095',
} as const;

/** Small blocks, so that a short input is several of them; takes a few milliseconds. */
const SMALL_BLOCKS: CompressionProfile = {
  ...PROFILE,
  gzip: { ...PROFILE.gzip, blockSize: 24 * 1024 },
  zstd: { ...PROFILE.zstd, blockSize: 48 * 1024 },
};

/** Whether the compressor gives the recorded bytes. */
export async function selfTest(compression: 'gzip' | 'zstd'): Promise<boolean> {
  const input = testInput();
  if (compression === 'zstd')
    return (await digestOfAll(zstd(once(input), { profile: SMALL_BLOCKS }))) === RECORDED.zstd;
  const sizes = [0, Number.MAX_SAFE_INTEGER];
  const digests = await Promise.all(
    sizes.map((size) => {
      const settings = PROFILE.gzip.deflate(size);
      const profile = { ...SMALL_BLOCKS, gzip: { ...SMALL_BLOCKS.gzip, deflate: () => settings } };
      return digestOfAll(gzip(once(input), { size: input.length, profile }));
    }),
  );
  return digests.every((digest, i) => digest === RECORDED.gzip[i]);
}

/** Something like a layer: words that repeat, near and far, between bytes that hardly do. */
function testInput(): Buffer {
  const out = Buffer.alloc(64 * 1024);
  let state = 1;
  const random = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  for (let at = 0; at < out.length; ) {
    const length = 3 + random(30);
    if (at < 100 || random(4) === 0) for (let i = 0; i < length && at < out.length; i++) out[at++] = random(256);
    else {
      const from = at - 1 - random(Math.min(at - 1, 40_000));
      for (let i = 0; i < length && at < out.length; i++) out[at++] = out[from + i] as number;
    }
  }
  return out;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function digestOfAll(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  return digestOf(Buffer.concat(await Array.fromAsync(pieces)));
}
