/**
 * Images as graphs of content-addressed blobs: what a registry, an OCI layout, an archive and the store have in common.
 * One data movement, `copy`, works between any two.
 * @module
 */
import type { Digest } from '../base/digest.ts';
import type { Compression } from '../formats/oci/media-types.ts';
import type { Referrers } from '../formats/oci/referrers.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Blob } from '../model/content.ts';
import type { Run } from './run.ts';

/** A repository of a registry. */
export interface Repository {
  /** As references write it: `docker.io`, `localhost:5000`. */
  readonly host: string;
  /** `library/redis` */
  readonly path: string;
}

/** Where the bytes of a blob come from, for a sink that can make use of that. */
export interface Origin {
  /** The same bytes once more, from the first on: for a medium that has lost what it was sent. Verified, as a source's are. */
  again(): AsyncIterable<Uint8Array>;
  /** Where they lie: a sink in the same registry need not be sent them. */
  readonly repository?: Repository;
}

/** Where an image is read from. Opened for one reference; the opener disposes of it. */
export interface Source extends AsyncDisposable {
  /** The reference as the user would write it, for messages. */
  readonly reference: string;
  /** The manifest or index that the reference names. @throws ImageError NOT_FOUND, USAGE where the name is ambiguous */
  resolve(run?: Run): Promise<Descriptor>;
  /**
   * The blob's bytes as stored, in pieces, verified: ends with an error if size or digest are not the descriptor's.
   * @throws ImageError NOT_FOUND, DIGEST_MISMATCH
   */
  fetch(descriptor: Descriptor, run?: Run): AsyncIterable<Uint8Array>;
  /**
   * The same bytes for reading at any position, and unverified, where they lie in a file of this machine.
   */
  blob?(descriptor: Descriptor): Promise<Blob | undefined>;
  /**
   * Present where the medium holds no manifest, and the one that {@link resolve} names was made for this look: then nothing
   * is lost where a copy compresses the layers and makes another manifest.
   */
  readonly synthesized?: true;
  /** Where the blobs lie, where that is a registry. */
  readonly repository?: Repository;
  /** Manifests whose `subject` is this digest (distribution-spec, "Listing Referrers"). */
  referrers(subject: Digest, run?: Run): Promise<readonly Descriptor[]>;
}

/** Where an image is written to. Nothing is visible under its name before {@link commit}. */
export interface Sink extends AsyncDisposable {
  readonly reference: string;
  /** How the medium stores layers, where it leaves no choice: whoever makes layers need not compress them otherwise. */
  readonly layerCompression?: Compression;
  /** Present where referrers cannot be kept. */
  readonly withoutReferrers?: true;
  /** Present where bytes go into one file, one blob after the other: pushing in a fixed order gives a fixed file. */
  readonly sequential?: true;
  /** Whether a blob is there already, so that it need not be sent. */
  has(descriptor: Descriptor, run?: Run): Promise<boolean>;
  /**
   * Stores the bytes under the descriptor's digest; children before parents. Idempotent. The bytes may be left unread.
   * @param origin where they are a source's
   * @throws ImageError DIGEST_MISMATCH where the bytes are not the descriptor's; then nothing is kept
   */
  push(descriptor: Descriptor, bytes: AsyncIterable<Uint8Array>, run?: Run, origin?: Origin): Promise<void>;
  /**
   * Stores bytes whose digest is not known beforehand, and says what it became: for layers that are compressed on the way.
   */
  write(mediaType: string, bytes: AsyncIterable<Uint8Array>, run?: Run): Promise<Descriptor>;
  /**
   * Makes the reference name this manifest or index, whose blobs have all been pushed, and what refers to it and to its parts
   * be found.
   * @param options.referrers pushed as well; those that are known already stay
   */
  commit(root: Descriptor, options?: { readonly referrers?: Referrers }, run?: Run): Promise<void>;
}
