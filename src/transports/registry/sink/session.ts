/**
 * One upload session (distribution-spec 1.1, "Pushing blobs"): what the registry has received, and where the rest is to go.
 * After a failure the registry is asked, and nothing is sent twice that it has.
 * @module
 */
import type { Digest } from '../../../base/digest.ts';
import { ImageError } from '../../../base/errors.ts';
import type { Run } from '../../../ports/run.ts';
import { type Place, placeName } from '../place.ts';
import { pause } from '../retry.ts';
import type { RegistryRequest, RegistryResponse } from '../types.ts';
import { locationOf, rangeEnd, withDigest } from './location.ts';
import { hasBlob, pushScope } from './repository.ts';

/** How often a chunk is tried again without any of it having got through. */
const RETRIES = 5;
/** Milliseconds that giving up an upload may take. */
const CANCEL_TIMEOUT = 5000;

/** A blob that another repository of the registry has. */
export interface Mount {
  readonly digest: Digest;
  readonly repository: string;
}

/**
 * What a registry says that has not the bytes it was sent (distribution-spec, "Error Codes"): those that are sent here have been
 * compared with their digest.
 */
const OTHER_BYTES = /\b(?:DIGEST_INVALID|SIZE_INVALID|BLOB_UPLOAD_INVALID)\b/;

interface Body {
  readonly bytes: Exclude<RegistryRequest['body'], undefined>;
  readonly size: number;
}

export class UploadSession implements AsyncDisposable {
  readonly #place: Place;
  readonly #run: Run;
  /** Where the next request goes: every answer may name another place. Undefined where nothing is under way. */
  #location: URL | undefined;
  #minChunk = 0;
  #failure: Error | undefined;

  private constructor(place: Place, run: Run) {
    this.#place = place;
    this.#run = run;
  }

  /** @returns undefined where the blob could be mounted, so that nothing is to be sent */
  static async open(place: Place, mount: Mount | undefined, run: Run): Promise<UploadSession | undefined> {
    const session = new UploadSession(place, run);
    const opened = mount === undefined ? undefined : await session.#mount(mount);
    if (opened?.status !== 201) await session.#begin(opened);
    else await opened.discard();
    return opened?.status === 201 ? undefined : session;
  }

  /** Least bytes of a chunk that is not the last (`OCI-Chunk-Min-Length`). */
  get minChunk(): number {
    return this.#minChunk;
  }

  /** Why the last request was not done, where that has happened. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Begins anew; what has been sent is forgotten. */
  async restart(): Promise<void> {
    await this.#cancel();
    await this.#begin(undefined);
  }

  /**
   * Sends the bytes that begin at an offset up to which everything has been received.
   * @param closing the digest of the whole, where these are its last bytes: then the blob is there in the end
   * @returns false where the registry knows the session no longer
   */
  async send(bytes: Uint8Array, start: number, closing?: Digest): Promise<boolean> {
    const end = start + bytes.length;
    let failures = 0;
    for (let at = start; ; ) {
      const left = bytes.subarray(at - start);
      const reached = await this.#exchange({ bytes: left, size: left.length }, at, closing);
      if (reached === 'done') return true;
      if (reached === undefined || reached < at || reached > end)
        return closing !== undefined && this.#isThere(closing);
      if (reached === end && closing === undefined) return true;
      // Of part of a chunk the rest can be too small to be one.
      if (closing === undefined && reached > at && end - reached < this.#minChunk) return false;
      if (reached > at) failures = 0;
      else await this.#wait(failures++);
      at = reached;
    }
  }

  /**
   * Sends all bytes in one request that does not yet say what they are.
   * @returns how many of them the registry has, where the request breaks; undefined where it knows the session no longer
   */
  async sendAll(bytes: () => AsyncIterable<Uint8Array>, size: number): Promise<number | undefined> {
    const reached = await this.#exchange({ bytes, size }, 0, undefined);
    return typeof reached === 'number' && reached <= size ? reached : undefined;
  }

  /** Sends the whole blob in one request, for registries that take no chunks. @returns as {@link send} */
  async sendWhole(bytes: () => AsyncIterable<Uint8Array>, size: number, digest: Digest): Promise<boolean> {
    const response = await this.#request({
      method: 'PUT',
      target: withDigest(this.#where(), digest),
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
      contentLength: size,
      expect: [201, 204, 404, 416],
    });
    await response.discard();
    if (response.status >= 400) return this.#isThere(digest);
    this.#location = undefined;
    return true;
  }

  /** Tells the registry to forget what it has, unless the blob is complete. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#cancel();
  }

  async #begin(opened: RegistryResponse | undefined): Promise<void> {
    const target = `/v2/${this.#place.repository}/blobs/uploads/`;
    // Asked for twice, a session more is forgotten by the registry.
    const response = opened ?? (await this.#request({ method: 'POST', target, expect: [202], idempotent: true }));
    await response.discard();
    this.#location = locationOf(response);
    if (this.#location === undefined) {
      throw new ImageError('INVALID', `${placeName(this.#place)}: the registry does not say where to upload to`);
    }
    const minimum = response.headers['oci-chunk-min-length'] ?? '';
    this.#minChunk = /^\d{1,15}$/.test(minimum) ? Number(minimum) : 0;
  }

  /** @returns undefined where the registry does not want to, for a reason that does not matter: the bytes are at hand */
  async #mount({ digest, repository }: Mount): Promise<RegistryResponse | undefined> {
    const place = this.#place;
    const query = `mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(repository)}`;
    try {
      return await place.client.request(
        {
          method: 'POST',
          target: `/v2/${place.repository}/blobs/uploads/?${query}`,
          scopes: [pushScope(place), { repository, actions: ['pull'] }],
          expect: [201, 202],
          idempotent: true,
          doing: `mounting ${digest} of ${repository} in ${placeName(place)}`,
        },
        this.#run,
      );
    } catch (error) {
      if (!(error instanceof ImageError) || error.code === 'IO') throw error;
      return undefined;
    }
  }

  async #cancel(): Promise<void> {
    if (this.#location === undefined) return;
    const expect = [200, 202, 204, 404, 405];
    const request = this.#described({ method: 'DELETE', target: this.#location, expect, idempotent: false });
    this.#location = undefined;
    try {
      // The run may be one that has been aborted.
      const signal = AbortSignal.timeout(CANCEL_TIMEOUT);
      await (await this.#place.client.request(request, { signal })).discard();
    } catch {
      // Registries forget uploads that nobody goes on with: nothing is left to do, and another error is on its way.
    }
  }

  /** @returns how many bytes the registry has received of all; undefined where the session is gone */
  async #exchange(
    { bytes, size }: Body,
    at: number,
    closing: Digest | undefined,
  ): Promise<number | 'done' | undefined> {
    const isWhole = at === 0 && closing !== undefined;
    const range = size > 0 && !isWhole ? { 'content-range': `${at}-${at + size - 1}` } : {};
    const request = this.#described({
      method: closing === undefined ? 'PATCH' : 'PUT',
      target: closing === undefined ? this.#where() : withDigest(this.#where(), closing),
      headers: { 'content-type': 'application/octet-stream', ...range },
      body: bytes,
      contentLength: size,
      expect: closing === undefined ? [201, 202, 204, 404, 416] : [201, 204, 400, 404, 416],
      // Sent again it would be there twice: registries need not look at the range.
      idempotent: false,
    });
    try {
      const response = await this.#place.client.request(request, this.#run);
      if (response.status < 400) {
        await response.discard();
        this.#location = closing === undefined ? (locationOf(response) ?? this.#location) : undefined;
        return closing === undefined ? (rangeEnd(response) ?? at + size) : 'done';
      }
      const failure = await this.#place.client.failure(request, response);
      this.#failure = failure;
      if (response.status === 404) return undefined;
      if (response.status === 400) {
        if (!OTHER_BYTES.test(failure.message)) throw failure;
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof ImageError) || error.code !== 'IO') throw error;
      this.#failure = error;
    }
    return this.#status(at);
  }

  /** Asks how far the upload has come. */
  async #status(at: number): Promise<number | undefined> {
    const response = await this.#request({ method: 'GET', target: this.#where(), expect: [200, 204, 400, 404, 416] });
    await response.discard();
    if (response.status >= 400) return undefined;
    this.#location = locationOf(response) ?? this.#location;
    const { range } = response.headers;
    // "0-0" is one byte or none. At the beginning a new session is as good, and certain.
    return range === undefined ? 0 : (rangeEnd(response) ?? (at === 0 ? undefined : 0));
  }

  /** Before the next try, where the last one has brought nothing. */
  async #wait(failures: number): Promise<void> {
    if (failures === RETRIES) throw this.#failure ?? new Error('bug: an upload that stands still has failed');
    const { world } = this.#place;
    await world.sleep(pause(failures, world), this.#run.signal);
  }

  /** A request whose answer was lost may have ended the upload. */
  async #isThere(digest: Digest): Promise<boolean> {
    if (!(await hasBlob(this.#place, { digest }, this.#run))) return false;
    this.#location = undefined;
    return true;
  }

  #where(): URL {
    if (this.#location === undefined) throw new Error('bug: the upload has ended');
    return this.#location;
  }

  #request(request: Omit<RegistryRequest, 'scopes' | 'doing'>): Promise<RegistryResponse> {
    return this.#place.client.request(this.#described(request), this.#run);
  }

  #described(request: Omit<RegistryRequest, 'scopes' | 'doing'>): RegistryRequest {
    const place = this.#place;
    return { ...request, scopes: [pushScope(place)], doing: `uploading to ${placeName(place)}` };
  }
}
