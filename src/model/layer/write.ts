/**
 * A tree or a changeset → a layer's tar, always the same bytes for the same value: `docs/layer-format.md` is its
 * specification.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, headerSize, paddingOf } from '../../formats/tar/encode.ts';
import type { Changeset } from '../changeset.ts';
import type { Content } from '../content.ts';
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

/** Small pieces are gathered until there are this many bytes. */
const PIECE = 256 * 1024;

/**
 * The layer's uncompressed bytes. A piece is valid only until the next is asked for.
 * @throws ImageError UNSUPPORTED for a name that a layer cannot hold (`.wh.…`), INVALID where a content is not there
 */
export function writeLayer(layer: Tree | Changeset, options: WriteLayerOptions = {}): AsyncGenerator<Uint8Array> {
  return gathered(blocksOf(layer, options));
}

/** Headers, contents and padding one by one. */
async function* blocksOf(layer: Tree | Changeset, { below }: WriteLayerOptions): AsyncGenerator<Uint8Array> {
  for (const member of members(layer, below)) {
    yield encodeHeader(headerOf(member));
    if (member.content === undefined) continue;
    let written = 0;
    for await (const piece of contentPieces(member.content)) {
      written += piece.length;
      yield piece;
    }
    if (written !== member.content.size) throw wrongSize(member, written);
    yield END_OF_ARCHIVE.subarray(0, paddingOf(written));
  }
  yield END_OF_ARCHIVE;
}

/** Small pieces put together; large ones as they are. */
async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(PIECE);
  let filled = 0;
  for await (const piece of pieces) {
    if (filled > 0 && filled + piece.length > PIECE) {
      yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (piece.length > PIECE) {
      yield piece;
      continue;
    }
    buffer.set(piece, filled);
    filled += piece.length;
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
