/** Uploads: distribution-spec 1.1, "Pushing Blobs" and "Mounting a blob from another repository". @module */
import { randomUUID } from 'node:crypto';
import { refused } from './answers.ts';
import type { Question } from './http.ts';
import { digestLike, type Repository, type Upload } from './storage.ts';
import type { Answer } from './wire.ts';

export interface UploadOptions {
  /** What a broken request brought is thrown away; default it is kept, and the status says so. */
  readonly forgetsPartial?: boolean;
  /** Least bytes of a chunk that is not the last (OCI-Chunk-Min-Length). */
  readonly minChunk?: number;
  /** Where uploads go: a path without a host by default, as registries behind proxies give it. */
  readonly uploadsAt?: () => string;
}

export interface UploadPlace {
  readonly name: string;
  readonly store: Repository;
  readonly options: UploadOptions;
  /** The repository that a blob is to be mounted from, where the client may read it. */
  readonly mountable: (name: string) => Repository | undefined;
}

/** `POST …/blobs/uploads/`: a session, or at once a blob. */
export async function startUpload(question: Question, place: UploadPlace): Promise<Answer> {
  if (question.method !== 'POST') return refused('UNSUPPORTED', `${question.method} of uploads`);
  const { searchParams: query } = question.url;
  const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
  if (mount !== null && from !== null) {
    const bytes = place.mountable(from)?.blobs.get(mount);
    if (bytes !== undefined) {
      place.store.blobs.set(mount, bytes);
      return created(place, mount);
    }
  }
  const upload = place.store.startUpload();
  if (digest !== null) return finish(question, upload, digest, place);
  const { minChunk } = place.options;
  return accepted(place, upload, 202, minChunk === undefined ? {} : { 'OCI-Chunk-Min-Length': String(minChunk) });
}

/** Everything about a session that there is. */
export async function continueUpload(question: Question, id: string, place: UploadPlace): Promise<Answer> {
  const upload = place.store.uploads.get(id);
  // The state in the Location is opaque, and belongs to it: a client that drops it made up the URL.
  if (upload === undefined || !question.url.searchParams.has('state')) {
    return refused('BLOB_UPLOAD_UNKNOWN', `blob upload unknown to registry: ${id}`);
  }
  switch (question.method) {
    case 'GET':
      return accepted(place, upload, 204);
    case 'PATCH': {
      const wrong = wrongStart(question, upload) ?? tooSmall(question, place.options);
      if (wrong !== undefined) return { ...wrong, headers: { ...wrong.headers, ...stateOf(place, upload) } };
      await receive(question, upload, place.options);
      return accepted(place, upload, 202);
    }
    case 'PUT': {
      const wrong = wrongStart(question, upload);
      if (wrong !== undefined) return { ...wrong, headers: { ...wrong.headers, ...stateOf(place, upload) } };
      return finish(question, upload, question.url.searchParams.get('digest') ?? '', place);
    }
    case 'DELETE':
      place.store.uploads.delete(id);
      return { status: 204 };
    default:
      return refused('UNSUPPORTED', `${question.method} of an upload`);
  }
}

/** "MUST be uploaded in order, with the first byte … being the last chunk's `<end-of-range>` plus one", else 416. */
function wrongStart(question: Question, upload: Upload): Answer | undefined {
  const range = question.headers['content-range'];
  if (range === undefined) return undefined;
  const match = /^(\d+)-(\d+)$/.exec(range);
  const length = question.headers['content-length'];
  if (match === null) return refused('BLOB_UPLOAD_INVALID', `no range: ${range}`);
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (start !== upload.size) return refused('BLOB_UPLOAD_INVALID', `at ${upload.size}, and not at ${start}`);
  if (length !== undefined && Number(length) !== end - start + 1) {
    return refused('BLOB_UPLOAD_INVALID', `${length} bytes are not ${range}`);
  }
  return undefined;
}

/** A chunk below the least size could be the last one, which only its successor shows: so it is taken where it ends. */
function tooSmall(question: Question, { minChunk = 0 }: UploadOptions): Answer | undefined {
  const length = Number(question.headers['content-length'] ?? minChunk);
  return length > 0 && length < minChunk ? refused('BLOB_UPLOAD_INVALID', `${length} bytes are too few`) : undefined;
}

async function receive(question: Question, upload: Upload, { forgetsPartial }: UploadOptions): Promise<void> {
  const before = { pieces: [...upload.pieces], size: upload.size };
  try {
    for await (const piece of question.body) {
      upload.pieces.push(piece);
      upload.size += piece.length;
    }
  } catch (error) {
    if (forgetsPartial) Object.assign(upload, before);
    throw error;
  }
}

async function finish(question: Question, upload: Upload, digest: string, place: UploadPlace): Promise<Answer> {
  if (!/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest)) return refused('DIGEST_INVALID', `digest: ${digest}`);
  await receive(question, upload, place.options);
  const bytes = Buffer.concat(upload.pieces);
  place.store.uploads.delete(upload.id);
  const found = digestLike(bytes, digest);
  if (found !== digest) return refused('DIGEST_INVALID', `the bytes have the digest ${found}`);
  place.store.blobs.set(digest, bytes);
  return created(place, digest);
}

function created({ name }: UploadPlace, digest: string): Answer {
  return { status: 201, headers: { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest } };
}

function accepted(place: UploadPlace, upload: Upload, status: number, more: Record<string, string> = {}): Answer {
  return { status, headers: { ...stateOf(place, upload), ...more } };
}

/** Of nothing received yet, Docker's registry says `0-0`, as it does of one byte. */
function stateOf({ name, options }: UploadPlace, { id, size }: Upload): Record<string, string> {
  return {
    Location: `${options.uploadsAt?.() ?? ''}/v2/${name}/blobs/uploads/${id}?state=${randomUUID()}`,
    Range: `0-${Math.max(size - 1, 0)}`,
    'Docker-Upload-UUID': id,
  };
}
