/**
 * Writing zstd:chunked (containers/storage, pkg/chunked): a zstd layer whose files are frames of their own, large ones several,
 * cut by content; behind them, in frames that decoders pass over, a table of contents, the tar without its contents, and a
 * footer. The uncompressed bytes, and so the DiffID, are those of the tar.
 * @module
 */
import { asDiffId, Digester, digestOf } from '../../base/digest.ts';
import type { ChunkedLayer, ChunkedOptions, ChunkedResult } from '../chunked/chunked-layer.ts';
import { ContentCutter } from '../chunked/content-cutter.ts';
import { cutTar, type Part } from '../chunked/cut.ts';
import { jobsOf } from '../chunked/jobs.ts';
import { compressInOrder } from '../chunked/ordered.ts';
import { TocWriter } from '../chunked/toc-writer.ts';
import { describe } from './describe.ts';
import { CompressedText, zstdFrame } from './frames.ts';
import { TAR_SPLIT_POSITION, TOC_DIGEST, TOC_POSITION, TOC_TYPE } from './names.ts';
import { encodeFooter, type Position, SKIPPABLE_HEADER, skippable } from './skippable.ts';
import { TarSplitWriter } from './tar-split.ts';

/** @throws ImageError UNSUPPORTED for what the table of contents cannot describe */
export function zstdChunked(tar: AsyncIterable<Uint8Array>, options: ChunkedOptions = {}): ChunkedLayer {
  let result: ChunkedResult | undefined;
  return {
    bytes: write(tar, options, (done) => {
      result = done;
    }),
    result: () => {
      if (result === undefined) throw new Error('bug: a layer has not been written to its end');
      return result;
    },
  };
}

async function* write(
  tar: AsyncIterable<Uint8Array>,
  { level, signal }: ChunkedOptions,
  done: (result: ChunkedResult) => void,
): AsyncGenerator<Uint8Array> {
  const input = new Digester();
  const tarSplit = new CompressedText(level);
  const tarSplitWriter = new TarSplitWriter((line) => tarSplit.push(line));
  const toc = new CompressedText(level);
  const tocWriter = new TocWriter(describe, (text) => toc.push(text));
  const parts = seen(cutTar(tar, { cutter: new ContentCutter(), signal }), input, tarSplitWriter);
  let offset = 0;
  for await (const placed of compressInOrder(jobsOf(parts), (bytes) => zstdFrame(bytes, level))) {
    tocWriter.add(placed);
    offset = placed.end;
    if (placed.bytes !== undefined) yield placed.bytes;
  }
  const split = tarSplit.end();
  tocWriter.end(`,"tarSplitDigest":${JSON.stringify(digestOf(split))}`);
  const table = toc.end();
  const position = (bytes: Buffer, uncompressed: number): Position => {
    const at = { offset: offset + SKIPPABLE_HEADER, size: bytes.length, uncompressed };
    offset = at.offset + bytes.length;
    return at;
  };
  const footer = { toc: position(table, toc.size), tarSplit: position(split, tarSplit.size) };
  yield skippable(table);
  yield skippable(split);
  yield encodeFooter(footer);
  done({
    diffId: asDiffId(input.digest()),
    annotations: {
      [TOC_DIGEST]: digestOf(table),
      [TOC_POSITION]: `${Object.values(footer.toc).join(':')}:${TOC_TYPE}`,
      [TAR_SPLIT_POSITION]: Object.values(footer.tarSplit).join(':'),
    },
  });
}

/** The parts, which the digest of the tar and the tar-split see on the way. */
async function* seen(parts: AsyncIterable<Part>, input: Digester, tarSplit: TarSplitWriter): AsyncGenerator<Part> {
  for await (const part of parts) {
    if (part.kind === 'entry') input.update(part.head);
    else if (part.kind !== 'content') input.update(part.bytes);
    tarSplit.add(part);
    yield part;
  }
}
