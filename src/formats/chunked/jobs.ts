/** The parts of a layer's tar as pieces to be compressed: every chunk for itself, and what lies between contents. @module */
import type { Part } from './cut.ts';
import { LARGEST_CHUNK } from './cutter.ts';
import type { Job } from './ordered.ts';

/** Headers and padding that stand together become one piece, unless they are more than this. */
const LARGEST_HEADS = 1024 * 1024;

type PartOf<K> = Extract<Part, { kind: K }>;

/** What a piece is, for the table of contents. Entries and ends of contents have no piece. */
export type About = { readonly kind: 'heads' } | PartOf<'entry'> | Omit<PartOf<'chunk'>, 'bytes'> | PartOf<'content'>;

/** @param end what the tar ends with, made of what it ends with now */
export async function* jobsOf(
  parts: AsyncIterable<Part>,
  end: (part: PartOf<'end'>) => Uint8Array = ({ bytes }) => bytes,
): AsyncGenerator<Job<About>> {
  let heads: Uint8Array[] = [];
  let size = 0;
  const add = (bytes: Uint8Array) => {
    heads.push(bytes);
    size += bytes.length;
  };
  const together = function* (): Generator<Job<About>> {
    const bytes = Buffer.concat(heads);
    for (let at = 0; at < size; at += LARGEST_CHUNK) {
      yield { about: { kind: 'heads' }, bytes: bytes.subarray(at, at + LARGEST_CHUNK) };
    }
    heads = [];
    size = 0;
  };
  for await (const part of parts) {
    switch (part.kind) {
      case 'entry':
        if (size >= LARGEST_HEADS) yield* together();
        add(part.head);
        yield { about: part, bytes: undefined };
        break;
      case 'chunk': {
        yield* together();
        const { bytes, ...about } = part;
        yield { about, bytes };
        break;
      }
      case 'content':
        yield { about: part, bytes: undefined };
        break;
      case 'end':
        add(end(part));
        yield* together();
    }
  }
}
