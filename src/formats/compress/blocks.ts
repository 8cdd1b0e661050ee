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
 * of threads. Pieces may be reused once the next is asked for.
 */
export async function* byBlocks(
  bytes: AsyncIterable<Uint8Array>,
  { blockSize, concurrency = 4, input, signal }: BlockOptions,
  work: (block: Block) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const underWay: Promise<Uint8Array>[] = [];
  for await (const block of blocksOf(bytes, blockSize)) {
    signal?.throwIfAborted();
    const job = work(block);
    job.catch(() => undefined); // awaited in order below, unless the caller stops before
    underWay.push(job);
    input?.update(block.data);
    if (underWay.length > concurrency) yield await (underWay.shift() as Promise<Uint8Array>);
  }
  for (const job of underWay) yield await job;
}

/** Every block but the last has the full size; there is always a last one, if need be an empty one. */
async function* blocksOf(bytes: AsyncIterable<Uint8Array>, blockSize: number): AsyncGenerator<Block> {
  let before = Buffer.alloc(0);
  let data = Buffer.allocUnsafeSlow(blockSize);
  let filled = 0;
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; ) {
      if (filled === blockSize) {
        yield { data, before, last: false };
        before = data;
        data = Buffer.allocUnsafeSlow(blockSize);
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
