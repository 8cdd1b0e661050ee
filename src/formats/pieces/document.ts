/**
 * An image as an artifact of pieces: a manifest whose layers are small blobs as they are and pieces of large ones, and whose
 * config says what they make. `docs/chunked-layers.md` describes it.
 * @module
 */
import type { Digest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { canonicalJson, parseJson } from '../../base/json.ts';
import { asDescriptor, MANIFEST_LIMIT } from '../oci/parse.ts';
import { type At, asDigest, asList, asSize, child, wrong } from '../oci/shape.ts';
import type { Descriptor, Manifest } from '../oci/types.ts';
import { LARGEST_PIECE } from './cutter.ts';

/** Of the config. */
export const PIECES_CONFIG = 'application/vnd.pare.pieces.v1+json';
/** Of a blob that is there as a whole: a manifest, a config, a small layer. */
export const WHOLE = 'application/vnd.pare.pieces.whole.v1';
export const PIECE = 'application/vnd.pare.pieces.piece.v1';

export interface PiecesDocument {
  /** The manifest or index that the artifact stands for. */
  readonly root: Descriptor;
  /** Blobs in pieces, in the order in which their pieces stand in the manifest; wholes stand before. */
  readonly blobs: readonly PiecedBlob[];
  /** What refers to the root, and what refers to parts of it and says so. */
  readonly referrers: readonly Descriptor[];
}

export interface PiecedBlob {
  readonly digest: Digest;
  readonly size: number;
  /** How many. */
  readonly pieces: number;
}

/** What can be read of an artifact. */
export interface Pieces {
  readonly document: PiecesDocument;
  readonly wholes: ReadonlyMap<Digest, Descriptor>;
  readonly pieces: ReadonlyMap<Digest, readonly Descriptor[]>;
}

export function encodePieces(document: PiecesDocument): Uint8Array {
  return canonicalJson({ version: 1, ...document });
}

/** @param manifest whose config `bytes` are. @throws ImageError INVALID */
export function parsePieces(bytes: Uint8Array, manifest: Manifest): Pieces {
  const what = `artifact of pieces ${manifest.config.digest}`;
  const at: At = { what, field: '', value: parseJson(bytes, what, MANIFEST_LIMIT) };
  if (asSize(child(at, 'version')) !== 1) throw wrong(child(at, 'version'), 'version 1');
  const document = {
    root: asDescriptor(child(at, 'root')),
    blobs: asList(child(at, 'blobs'), asBlob),
    referrers: asList(child(at, 'referrers'), asDescriptor),
  };
  const wholes = new Map<Digest, Descriptor>();
  let next = 0;
  for (; manifest.layers[next]?.mediaType === WHOLE; next++) {
    const whole = manifest.layers[next] as Descriptor;
    wholes.set(whole.digest, whole);
  }
  const pieces = new Map<Digest, readonly Descriptor[]>();
  for (const blob of document.blobs) {
    const own = manifest.layers.slice(next, next + blob.pieces);
    next += blob.pieces;
    assertMakes(what, blob, own);
    pieces.set(blob.digest, own);
  }
  return { document, wholes, pieces };
}

function asBlob(at: At): PiecedBlob {
  return {
    digest: asDigest(child(at, 'digest')),
    size: asSize(child(at, 'size')),
    pieces: asSize(child(at, 'pieces')),
  };
}

function assertMakes(what: string, { digest, size, pieces }: PiecedBlob, own: readonly Descriptor[]): void {
  const together = own.reduce((sum, piece) => sum + piece.size, 0);
  const fits = own.every((piece) => piece.mediaType === PIECE && piece.size <= LARGEST_PIECE);
  if (fits && own.length === pieces && together === size) return;
  throw new ImageError('INVALID', `${what}: its pieces do not make the blob ${digest} of ${size} bytes`);
}
