/** Whether the compressed digests of what is written here are those that pare promises. @module */
import { selfTest } from '../../formats/compress/self-test.ts';
import type { Compression } from '../../formats/oci/media-types.ts';
import type { Run } from '../../ports/run.ts';

const tested = new Map<Compression, Promise<boolean>>();

/** Warns, at the first use of a compressor that is not the recorded one; the images are as good, their digests differ. */
export async function testCompressor(compression: Compression, run: Run): Promise<void> {
  if (compression === 'none') return;
  const test = tested.get(compression) ?? selfTest(compression);
  tested.set(compression, test);
  if (await test) return;
  const text = `this Node.js compresses with another ${compression === 'gzip' ? 'zlib' : 'zstd'} than the one it is released with: compressed digests will differ from those made elsewhere (DiffIDs will not)`;
  run.report?.({ type: 'warning', text });
}
