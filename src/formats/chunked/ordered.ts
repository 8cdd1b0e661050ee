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
const UNDER_WAY = 16 * 1024 * 1024;
/** Pieces without bytes cost, too. */
const MOST_JOBS = 1024;

/** @param compress gives the same bytes for the same piece, whatever else goes on */
export async function* compressInOrder<T>(
  jobs: AsyncIterable<Job<T>>,
  compress: (bytes: Buffer) => Uint8Array | Promise<Uint8Array>,
): AsyncGenerator<Placed<T>> {
  const queue: {
    readonly about: T;
    readonly size: number;
    readonly result: Promise<Uint8Array> | Uint8Array | undefined;
  }[] = [];
  let waiting = 0;
  let offset = 0;
  const next = async (): Promise<Placed<T>> => {
    const { about, size, result } = queue.shift() as (typeof queue)[number];
    const bytes = await result;
    const from = offset;
    offset += bytes?.length ?? 0;
    waiting -= size;
    return { about, size, bytes, offset: from, end: offset };
  };
  for await (const { about, bytes } of jobs) {
    const result = bytes && compress(bytes);
    if (result instanceof Promise) result.catch(() => undefined); // awaited in its turn, unless the caller stops before
    queue.push({ about, size: bytes?.length ?? 0, result });
    waiting += bytes?.length ?? 0;
    while (waiting > UNDER_WAY || queue.length > MOST_JOBS) yield await next();
  }
  while (queue.length > 0) yield await next();
}
