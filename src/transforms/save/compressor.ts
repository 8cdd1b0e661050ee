/** Whether the compressed digests of what is written here are those that pare promises. @module */
import { type SelfTest, selfTest } from '../../formats/compress/self-test.ts';
import type { Compression } from '../../formats/oci/media-types.ts';
import type { Run } from '../../ports/run.ts';

let tested: Promise<SelfTest> | undefined;

/** Warns, at the first use of a compressor that is not the recorded one; the images are as good, their digests differ. */
export async function testCompressor(compression: Compression, run: Run): Promise<void> {
  if (compression === 'none') return;
  tested ??= selfTest();
  if ((await tested)[compression]) return;
  const text = `this Node.js compresses with another ${compression === 'gzip' ? 'zlib' : 'zstd'} than the one it is released with: compressed digests will differ from those made elsewhere (DiffIDs will not)`;
  run.report?.({ type: 'warning', text });
}
