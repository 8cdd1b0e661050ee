/** Cutting a stream into blocks of one size, and working on several of them at once. @module */
import type { Digester } from '../../base/digest.ts';

export interface Block {
  readonly data: Buffer;
  /** The block before it; empty for the first. */
  readonly before: Buffer;
  readonly last: boolean;
}

export interface BlockOptions {
  readonly blockSize: number;
  /** Blocks worked on at once; default 4, the size of libuv's thread pool. */
  readonly concurrency?: number | undefined;
  /** Is given the bytes on the way, while the threads work on what came before. */
  readonly input?: Digester | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What `work` makes of each block, in order: how the bytes are cut depends on neither the pieces they come in nor the number
 * of threads. Pieces may be reused once the next is asked for. A block's bytes stay as they are until its work is done.
 */
export async function* byBlocks(
  bytes: AsyncIterable<Uint8Array>,
  { blockSize, concurrency = 4, input, signal }: BlockOptions,
  work: (block: Block) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const underWay: { readonly block: Block; readonly job: Promise<Uint8Array> }[] = [];
  // Memory is used again: buffers of this size make the garbage collector work hard.
  const spare: Buffer[] = [];
  for await (const block of blocksOf(bytes, blockSize, spare)) {
    signal?.throwIfAborted();
    const job = work(block);
    job.catch(() => undefined); // awaited in order below, unless the caller stops before
    underWay.push({ block, job });
    input?.update(block.data);
    if (underWay.length <= Math.max(concurrency, 1)) continue;
    const first = underWay.shift() as (typeof underWay)[number];
    yield await first.job;
    // Not the block before the next one, which lends its end: one is always under way.
    spare.push(first.block.data);
  }
  for (const { job } of underWay) yield await job;
}

/** Every block but the last has the full size; there is always a last one, if need be an empty one. */
async function* blocksOf(bytes: AsyncIterable<Uint8Array>, blockSize: number, spare: Buffer[]): AsyncGenerator<Block> {
  let before: Buffer = Buffer.alloc(0);
  let data: Buffer = Buffer.allocUnsafeSlow(blockSize);
  let filled = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; ) {
      if (filled === blockSize) {
        yield { data, before, last: false };
        before = data;
        data = spare.pop() ?? Buffer.allocUnsafeSlow(blockSize);
        filled = 0;
      }
      const count = Math.min(blockSize - filled, piece.length - at);
      data.set(piece.subarray(at, at + count), filled);
      filled += count;
      at += count;
    }
  }
  yield { data: data.subarray(0, filled), before, last: true };
}
