/**
 * A tree or a changeset → a layer's tar, always the same bytes for the same value: `docs/layer-format.md` is its
 * specification.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, headerSize, paddingOf } from '../../formats/tar/encode.ts';
import type { Changeset } from '../changeset.ts';
import type { Content, Slice } from '../content.ts';
import type { Tree } from '../tree.ts';
import { contentPieces } from './content-pieces.ts';
import type { Member } from './member.ts';
import { members } from './members.ts';

export interface WriteLayerOptions {
  /**
   * The tree that a changeset is made for: needed where the changeset links to files of it, or has directories that it does
   * not describe.
   */
  readonly below?: Tree;
}

/** Small pieces are gathered until there are this many bytes: as many as are hashed and written at once. */
const PIECE = 1 << 20;

/** Files up to this size are read straight to where they are gathered, where their blob allows it; of one that is open, any. */
const SMALL = 256 * 1024;

/**
 * The layer's uncompressed bytes. A piece is valid only until the next is asked for.
 * @throws ImageError UNSUPPORTED for a name that a layer cannot hold (`.wh.…`), INVALID where a content is not there
 */
export function writeLayer(layer: Tree | Changeset, options: WriteLayerOptions = {}): AsyncGenerator<Uint8Array> {
  return gathered(partsOf(layer, options));
}

/** Headers, contents and padding one by one; a content that need not be waited for comes as it is. */
async function* partsOf(layer: Tree | Changeset, { below }: WriteLayerOptions): AsyncGenerator<Uint8Array | Slice> {
  for (const member of members(layer, below)) {
    yield encodeHeader(headerOf(member));
    const { content } = member;
    if (content === undefined || content.size === 0) continue;
    if (content.kind === 'slice' && isAtHand(content)) yield content;
    else yield* piecesOf(member, content);
    yield END_OF_ARCHIVE.subarray(0, paddingOf(content.size));
  }
  yield END_OF_ARCHIVE;
}

function isAtHand({ blob, size }: Slice): boolean {
  return blob.readInto !== undefined && (size <= SMALL || blob.fd !== undefined);
}

async function* piecesOf(member: Member, content: Content): AsyncGenerator<Uint8Array> {
  let written = 0;
  for await (const piece of contentPieces(content)) {
    written += piece.length;
    yield piece;
  }
  if (written !== content.size) throw wrongSize(member, written);
}

/** Small pieces put together; large ones as they are. */
async function* gathered(parts: AsyncIterable<Uint8Array | Slice>): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let filled = 0;
  for await (const part of parts) {
    const size = 'kind' in part ? part.size : part.length;
    if (!('kind' in part) && size > SMALL) {
      if (filled > 0) yield buffer.subarray(0, filled);
      filled = 0;
      yield part;
      continue;
    }
    for (let taken = 0; taken < size; ) {
      const count = Math.min(size - taken, PIECE - filled);
      if ('kind' in part) part.blob.readInto?.(buffer.subarray(filled), part.offset + taken, count);
      else buffer.set(part.subarray(taken, taken + count), filled);
      taken += count;
      filled += count;
      if (filled < PIECE) continue;
      yield buffer;
      filled = 0;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** How many bytes {@link writeLayer} will give, without reading any content. */
export function layerSize(layer: Tree | Changeset, options: WriteLayerOptions = {}): number {
  let size = END_OF_ARCHIVE.length;
  for (const member of members(layer, options.below)) {
    size += headerSize(headerOf(member));
    if (member.content !== undefined) size += member.content.size + paddingOf(member.content.size);
  }
  return size;
}

function headerOf({ content, ...member }: Member): HeaderFields {
  return { ...member, size: content?.size ?? 0 };
}

function wrongSize(member: Member, written: number): ImageError {
  const wanted = (member.content as Content).size;
  return new ImageError(
    'INVALID',
    `"${printableName(member.name)}" has ${written} bytes where ${wanted} were promised`,
  );
}
