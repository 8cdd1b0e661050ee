/** Compressing many pieces on several threads, each for itself, in the order in which they came. @module */

/** Something to be compressed, or (without bytes) to be kept in its place among them. */
export interface Job<T> {
  readonly about: T;
  readonly bytes: Buffer | undefined;
}

export interface Placed<T> {
  readonly about: T;
  /** Bytes before they were compressed. */
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
  /** Where the compressed bytes lie in the blob. */
  readonly offset: number;
  readonly end: number;
}

/** Bytes that wait to be compressed or given out, at most; and one piece more. */
const UNDER_WAY = 8 * 1024 * 1024;
/** Pieces on threads or waiting for one: each has a compressor of its own, and there are four threads. */
const THREADED = 8;
/** Pieces without bytes cost, too. */
const MOST_JOBS = 1024;

/** @param compress gives the same bytes for the same piece, whatever else goes on */
export async function* compressInOrder<T>(
  jobs: AsyncIterable<Job<T>>,
  compress: (bytes: Buffer) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Placed<T>> {
  const queue: Waiting<T>[] = [];
  let waiting = 0;
  let threaded = 0;
  let offset = 0;
  const next = async (): Promise<Placed<T>> => {
    const { about, size, result } = queue.shift() as Waiting<T>;
    const bytes = await result;
    const from = offset;
    offset += bytes?.length ?? 0;
    waiting -= size;
    if (result instanceof Promise) threaded--;
    return { about, size, bytes, offset: from, end: offset };
  };
  for await (const { about, bytes } of jobs) {
    while (waiting > UNDER_WAY || threaded >= THREADED || queue.length > MOST_JOBS) yield await next();
    const result = bytes && compress(bytes);
    const size = bytes?.length ?? 0;
    queue.push({ about, size, result });
    waiting += size;
    if (!(result instanceof Promise)) continue;
    threaded++;
    result.catch(() => undefined); // awaited in its turn, unless the caller stops before
  }
  while (queue.length > 0) yield await next();
}

interface Waiting<T> {
  readonly about: T;
  readonly size: number;
  readonly result: Promise<Uint8Array> | Uint8Array | undefined;
}
