/**
 * Whether this Node.js compresses as the one that pare's compressed digests are promised for. A build on another zlib gives
 * layers that are just as good and have other digests; DiffIDs are the same everywhere.
 * @module
 */
import { digestOf } from '../../base/digest.ts';
import { gzip } from './gzip.ts';
import { type CompressionProfile, PROFILE } from './profile.ts';
import { zstd } from './zstd.ts';

/** True where the compressor gives the recorded bytes. */
export interface SelfTest {
  readonly gzip: boolean;
  readonly zstd: boolean;
}

/** Digests of what is made of {@link testInput}: by Node.js 24 with the zlib and the zstd it is released with. */
const RECORDED = {
  /** With the settings for the smallest layers and for the largest. */
  gzip: [
    'sha256:4ece82eb2a56b4d2c3ee87576e7e87439b24c931e0d3e90c73d3d2c6b598683e',
    'sha256:7c3167f198a10367944090b917ae541bf54b9d4ba2e660bf891f1359abe02052',
  ],
  zstd: 'sha256:cf6eca31f982a82c927e3116ec4a54615668ea56386019b9dd09eb1399dbd161',
} as const;

/** Small blocks, so that a short input is several of them; takes a few milliseconds. */
const SMALL_BLOCKS: CompressionProfile = {
  ...PROFILE,
  gzip: { ...PROFILE.gzip, blockSize: 48 * 1024 },
  zstd: { ...PROFILE.zstd, blockSize: 96 * 1024 },
};

export async function selfTest(): Promise<SelfTest> {
  const input = testInput();
  const sizes = [0, Number.MAX_SAFE_INTEGER];
  const digests = await Promise.all(
    sizes.map((size) => {
      const settings = PROFILE.gzip.deflate(size);
      const profile = { ...SMALL_BLOCKS, gzip: { ...SMALL_BLOCKS.gzip, deflate: () => settings } };
      return digestOfAll(gzip(once(input), { size: input.length, profile }));
    }),
  );
  return {
    gzip: digests.every((digest, i) => digest === RECORDED.gzip[i]),
    zstd: (await digestOfAll(zstd(once(input), { profile: SMALL_BLOCKS }))) === RECORDED.zstd,
  };
}

/** Something like a layer: words that repeat, near and far, between bytes that hardly do. */
function testInput(): Buffer {
  const out = Buffer.alloc(128 * 1024);
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
