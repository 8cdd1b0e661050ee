/**
 * Digests as in the OCI image-spec, "Descriptors: Digests": `algorithm:encoded`. Branded, so that a digest of compressed
 * bytes cannot be passed where one of uncompressed bytes is wanted.
 * @module
 */
import { createHash, type Hash } from 'node:crypto';

declare const brand: unique symbol;

/** Digest of bytes as stored or sent: `sha256:<64 hex>` or `sha512:<128 hex>`. */
export type Digest = string & { readonly [brand]: 'digest' };

/** Digest of a layer's *uncompressed* tar bytes (image-spec config.md, "Layer DiffID"). Every DiffId is a Digest. */
export type DiffId = Digest & { readonly diff: true };

const FORM = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export type DigestAlgorithm = 'sha256' | 'sha512';

/** Whether the text is a sha256 or sha512 digest: the one place that makes a Digest of text. */
export function isDigest(text: string): text is Digest {
  return FORM.test(text);
}

/** Says that a digest is known to be of uncompressed layer bytes. */
export function asDiffId(digest: Digest): DiffId {
  return digest as DiffId;
}

/** `sha256` of `sha256:abc…`. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.slice(0, 6) as DigestAlgorithm;
}

/** The hexadecimal part. */
export function encodedOf(digest: Digest): string {
  return digest.slice(7);
}

/** First twelve hexadecimal digits: for people, as docker prints them. */
export function shortDigest(digest: Digest): string {
  return encodedOf(digest).slice(0, 12);
}

export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return finish(createHash(algorithm).update(bytes), algorithm);
}

/** A digest computed piece by piece. */
export class Digester {
  #hash: Hash;
  #algorithm: DigestAlgorithm;
  /** Bytes seen so far. */
  size = 0;

  constructor(algorithm: DigestAlgorithm = 'sha256') {
    this.#algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.size += bytes.length;
    this.#hash.update(bytes);
  }

  /** Ends the computation; call once. */
  digest(): Digest {
    return finish(this.#hash, this.#algorithm);
  }
}

function finish(hash: Hash, algorithm: DigestAlgorithm): Digest {
  return `${algorithm}:${hash.digest('hex')}` as Digest;
}
