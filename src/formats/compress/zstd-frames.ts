/**
 * Where zstd frames end (RFC 8878, section 3.1), found without decompressing. Needed because Node's decoder loses what
 * follows a frame in the same write (nodejs/node 64741), while layers in zstd:chunked form are thousands of frames.
 * @module
 */
import { ImageError } from '../../base/errors.ts';

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/** Block types, section 3.1.1.2.2. */
const RLE = 1;
const RESERVED = 3;

/** Small fields that say what follows, and how many bytes they have. */
const FIELDS = { magic: 4, 'skippable size': 4, descriptor: 1, 'block header': 3 } as const;

/** Finds the frames of one stream, which may come in pieces of any size. */
export class FrameWalker {
  #field: keyof typeof FIELDS = 'magic';
  /** Bytes of the field that have come, and their value so far: all fields are little-endian. */
  #have = 0;
  #value = 0;
  /** Bytes to be passed over before the field. */
  #pass = 0;
  #checksum = false;
  #skipping = false;

  /** Whether the stream may end here. */
  get complete(): boolean {
    return this.#field === 'magic' && this.#have === 0 && this.#pass === 0;
  }

  /**
   * What of the piece is to be decompressed, cut so that no part reaches from one frame into the next. Skippable frames are
   * left out.
   * @throws ImageError INVALID where something is no zstd frame
   */
  *parts(piece: Uint8Array): Generator<Uint8Array> {
    let from = 0;
    for (let at = 0; at < piece.length; ) {
      if (this.#pass > 0) {
        const count = Math.min(this.#pass, piece.length - at);
        this.#pass -= count;
        at += count;
      } else {
        const magic = this.#field === 'magic';
        this.#value += (piece[at++] as number) * 256 ** this.#have++;
        if (this.#have < FIELDS[this.#field]) continue;
        this.#fieldRead();
        if (magic) {
          // Bytes of the magic that came in the piece before have not been given out yet.
          from = Math.max(at - 4, 0);
          if (at < 4 && !this.#skipping) yield magicBytes().subarray(0, 4 - at);
        }
      }
      if (!this.complete) continue;
      if (!this.#skipping) yield piece.subarray(from, at);
      from = at;
    }
    const inFrame = this.#field !== 'magic' || this.#pass > 0;
    if (inFrame && !this.#skipping && from < piece.length) yield piece.subarray(from);
  }

  #fieldRead(): void {
    const value = this.#value;
    const field = this.#field;
    this.#have = 0;
    this.#value = 0;
    switch (field) {
      case 'magic':
        this.#skipping = value >= SKIPPABLE && value < SKIPPABLE + 16;
        if (!this.#skipping && value !== MAGIC) throw invalid('something that is no zstd frame');
        this.#field = this.#skipping ? 'skippable size' : 'descriptor';
        break;
      case 'skippable size':
        this.#pass = value;
        this.#field = 'magic';
        break;
      case 'descriptor':
        this.#checksum = (value & 4) !== 0;
        this.#pass = headerRest(value);
        this.#field = 'block header';
        break;
      case 'block header':
        this.#block(value);
    }
  }

  #block(header: number): void {
    const type = (header >> 1) & 3;
    if (type === RESERVED) throw invalid('a zstd block of a reserved type');
    this.#pass = type === RLE ? 1 : header >> 3;
    if ((header & 1) === 0) return;
    if (this.#checksum) this.#pass += 4;
    this.#field = 'magic';
  }
}

/** Bytes of a frame header behind its descriptor: window, dictionary id and content size (section 3.1.1.1). */
function headerRest(descriptor: number): number {
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryId = [0, 1, 2, 4][descriptor & 3] as number;
  const sizeFlag = descriptor >> 6;
  const contentSize = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  return (singleSegment ? 0 : 1) + dictionaryId + contentSize;
}

function magicBytes(): Uint8Array {
  return Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
}

function invalid(what: string): ImageError {
  return new ImageError('INVALID', `broken compressed data: ${what}`);
}
