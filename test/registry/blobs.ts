/** Blobs: whole, in ranges (RFC 9110 §14), from another host, and their removal. @module */
import { refused } from './answers.ts';
import type { Question } from './http.ts';
import type { Repository } from './storage.ts';
import type { Answer } from './wire.ts';

export interface BlobOptions {
  /** Where blobs are sent from instead: the answer is a redirect to `ORIGIN/storage/REPOSITORY/DIGEST`. */
  readonly blobsFrom?: () => string;
  /** Range is passed over, as HTTP allows. */
  readonly withoutRanges?: boolean;
}

export function blob(
  question: Question,
  name: string,
  digest: string,
  store: Repository,
  options: BlobOptions,
): Answer {
  const bytes = store.blobs.get(digest);
  if (bytes === undefined) return refused('BLOB_UNKNOWN', `blob unknown to registry: ${digest}`);
  switch (question.method) {
    case 'HEAD':
    case 'GET':
      if (options.blobsFrom !== undefined && question.method === 'GET') {
        const location = `${options.blobsFrom()}/storage/${name}/${digest}?signature=once`;
        return { status: 307, headers: { Location: location } };
      }
      return ranged(question, bytes, digest, options.withoutRanges ?? false);
    case 'DELETE':
      store.blobs.delete(digest);
      return { status: 202 };
    default:
      return refused('UNSUPPORTED', `${question.method} of a blob`);
  }
}

/** The bytes, or those that Range asks for. */
export function ranged(question: Question, bytes: Buffer, digest: string, withoutRanges: boolean): Answer {
  const headers: Record<string, string> = {
    'Content-Type': 'application/octet-stream',
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
  };
  const range = withoutRanges ? undefined : /^bytes=(\d*)-(\d*)$/.exec(question.headers.range ?? '');
  if (!withoutRanges) headers['Accept-Ranges'] = 'bytes';
  const condition = question.headers['if-range'];
  if (!range || (condition !== undefined && condition !== headers['ETag'])) {
    return { status: 200, headers: { ...headers, 'Content-Length': String(bytes.length) }, body: bytes };
  }
  const [, from = '', to = ''] = range;
  const start = from === '' ? Math.max(bytes.length - Number(to), 0) : Number(from);
  const end = from === '' || to === '' ? bytes.length : Math.min(Number(to) + 1, bytes.length);
  if (start >= end) return { status: 416, headers: { 'Content-Range': `bytes */${bytes.length}` } };
  const body = bytes.subarray(start, end);
  return {
    status: 206,
    headers: {
      ...headers,
      'Content-Length': String(body.length),
      'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}`,
    },
    body,
  };
}
