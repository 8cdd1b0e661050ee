/** Answers in the words of distribution-spec 1.1, "Error Codes". @module */
import type { Answer } from './wire.ts';

const STATUS = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 416,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 413,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
} as const;

export type SpecError = keyof typeof STATUS;

export function refused(code: SpecError, message: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  return { status: STATUS[code], headers: { 'Content-Type': 'application/json', ...headers }, body };
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  };
}

/** One page of a sorted list, with the Link of RFC 5988 to the next: `n` entries behind the one called `last`. */
export function page<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  url: URL,
  most: number,
): { readonly items: readonly T[]; readonly headers: Readonly<Record<string, string>> } {
  const asked = Number(url.searchParams.get('n') ?? most);
  const size = Number.isInteger(asked) && asked >= 0 ? Math.min(asked, most) : most;
  const last = url.searchParams.get('last');
  const rest = last === null ? all : all.filter((one) => nameOf(one) > last);
  const items = rest.slice(0, size);
  const end = items.at(-1);
  if (end === undefined || items.length === rest.length) return { items, headers: {} };
  const query = new URLSearchParams(url.searchParams);
  query.set('n', String(size));
  query.set('last', nameOf(end));
  return { items, headers: { Link: `<${url.pathname}?${query}>; rel="next"` } };
}
