/** Bytes for the tests of compression. @module */

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
