/**
 * A tree or a changeset → a layer's tar, always the same bytes for the same value: `docs/layer-format.md` is its
 * specification.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields, paddingOf } from '../../formats/tar/encode.ts';
import type { Changeset } from '../changeset.ts';
import type { Content } from '../content.ts';
import type { Tree } from '../tree.ts';
import { contentPieces } from './content-pieces.ts';
import type { Member } from './member.ts';
import { members } from './members.ts';

export interface WriteLayerOptions {
  /**
   * The tree that a changeset is made for: needed where the changeset links to files of it, or has directories that it does
   * not describe and that are not there yet.
   */
  readonly below?: Tree;
}

/** Small pieces are gathered until there are this many bytes. */
const PIECE = 256 * 1024;

/**
 * The layer's uncompressed bytes. A piece is valid only until the next is asked for.
 * @throws ImageError UNSUPPORTED for a name that a layer cannot hold (`.wh.…`), INVALID where a content is not there
 */
export async function* writeLayer(
  layer: Tree | Changeset,
  options: WriteLayerOptions = {},
): AsyncGenerator<Uint8Array> {
  const gather = new Gatherer();
  for (const member of members(layer, options.below)) {
    yield* gather.add(encodeHeader(headerOf(member)));
    if (member.content === undefined) continue;
    let written = 0;
    for await (const piece of contentPieces(member.content)) {
      written += piece.length;
      yield* gather.add(piece);
    }
    if (written !== member.content.size) throw wrongSize(member, written);
    yield* gather.add(END_OF_ARCHIVE.subarray(0, paddingOf(written)));
  }
  yield* gather.add(END_OF_ARCHIVE);
  yield* gather.flush();
}

/** How many bytes {@link writeLayer} will give, without reading any content. */
export function layerSize(layer: Tree | Changeset, options: WriteLayerOptions = {}): number {
  let size = END_OF_ARCHIVE.length;
  for (const member of members(layer, options.below)) {
    size += encodeHeader(headerOf(member)).length;
    if (member.content !== undefined) size += member.content.size + paddingOf(member.content.size);
  }
  return size;
}

function headerOf({ content, ...member }: Member): HeaderFields {
  return { ...member, size: content?.size ?? 0 };
}

/** Makes large pieces of small ones; large ones are passed on as they are. */
class Gatherer {
  #buffer = Buffer.allocUnsafeSlow(PIECE);
  #filled = 0;

  *add(piece: Uint8Array): Generator<Uint8Array> {
    if (this.#filled + piece.length > PIECE) yield* this.flush();
    if (piece.length >= PIECE / 2) {
      yield* this.flush();
      yield piece;
      return;
    }
    this.#buffer.set(piece, this.#filled);
    this.#filled += piece.length;
  }

  *flush(): Generator<Uint8Array> {
    if (this.#filled === 0) return;
    yield this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
  }
}

function wrongSize(member: Member, written: number): ImageError {
  const wanted = (member.content as Content).size;
  return new ImageError(
    'INVALID',
    `"${printableName(member.name)}" has ${written} bytes where ${wanted} were promised`,
  );
}
