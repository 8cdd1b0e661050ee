/** Inputs for fuzzing, the same ones for the same seed. @module */

/** A whole number from 0 up to, and without, the bound. */
export type Random = (bound: number) => number;

/** The generator "mulberry32": small, fast, good enough to shake a parser. */
export function randomSource(seed: number): Random {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * bound);
  };
}

export function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: random(2048) }, () => random(256));
}

/** Numbers at which parsers stumble. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x30, 0x37, 0x20, 0x2f, 0x2e, 0x0a];

type Mutation = (input: Uint8Array, random: Random, seeds: readonly Uint8Array[]) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  function flipBit(input, random) {
    return changed(input, random(input.length), (byte) => byte ^ (1 << random(8)));
  },
  function edgeByte(input, random) {
    return changed(input, random(input.length), () => EDGES[random(EDGES.length)] as number);
  },
  function anyByte(input, random) {
    return changed(input, random(input.length), () => random(256));
  },
  function edgeWord(input, random) {
    const out = new Uint8Array(input);
    const at = random(input.length);
    return out.fill(random(2) === 0 ? 0xff : 0, at, at + 2 ** (1 + random(3)));
  },
  function cut(input, random) {
    return input.subarray(0, random(input.length + 1));
  },
  function remove(input, random) {
    const at = random(input.length);
    return Buffer.concat([input.subarray(0, at), input.subarray(at + 1 + random(64))]);
  },
  function repeat(input, random) {
    const at = random(input.length);
    const piece = input.subarray(at, at + 1 + random(512));
    return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
  },
  function splice(input, random, seeds) {
    const other = seeds[random(seeds.length)] as Uint8Array;
    return Buffer.concat([input.subarray(0, random(input.length)), other.subarray(random(other.length + 1))]);
  },
];

/** One of the seeds, changed in one to eight places. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let input = seeds[random(seeds.length)] as Uint8Array;
  for (let left = 1 + random(8); left > 0 && input.length > 0; left--) {
    input = (MUTATIONS[random(MUTATIONS.length)] as Mutation)(input, random, seeds);
  }
  return input;
}

function changed(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const out = new Uint8Array(input); // slice() of a Buffer would be a view of the seed
  out[at] = change(out[at] as number);
  return out;
}
