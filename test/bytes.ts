/** Byte sources for tests. @module */

/** What a `Blob` and a scanner want, over bytes in memory; reading beyond the end is a bug of the reader. */
export function memoryBlob(bytes: Uint8Array, id = 'memory') {
  const range = (offset: number, length: number) => {
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new Error(`read of ${length} bytes at ${offset}, beyond ${bytes.length}`);
    }
    return bytes.subarray(offset, offset + length);
  };
  return {
    id,
    read: async (offset: number, length: number): Promise<Uint8Array> => range(offset, length),
    stream: (offset: number, length: number) => inPieces(range(offset, length), 65_536),
  };
}

/** The bytes in pieces of one size, each in the same buffer, which is spoilt afterwards as sources may do. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
    buffer.fill(0xee);
  }
}

export async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const piece of source) out.push(Buffer.from(piece));
  return Buffer.concat(out);
}

/** Half of it compresses well and half of it hardly, in stretches longer than a window. */
export function layerLike(size: number): Buffer {
  const out = Buffer.alloc(size);
  let state = 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[i] = i % 700_000 < 350_000 ? 97 + ((state >>> 16) % 5) : state >>> 16;
  }
  return out;
}
