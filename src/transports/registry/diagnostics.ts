/** What a registry refused, in its own words (distribution-spec, "Error Codes"), and what to do about it. @module */
import { type ErrorCode, ImageError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { redacted } from '../../base/secrets.ts';
import { rateLimitText } from './rate-limit.ts';
import type { RegistryResponse } from './types.ts';

/** Bytes of an answer that are looked at. */
const MOST_BYTES = 64 * 1024;
const MOST_ERRORS = 5;
const MOST_TEXT = 300;

export interface Diagnosis {
  /** As `MANIFEST_UNKNOWN`; in the order of the answer. */
  readonly codes: readonly string[];
  /** One line; empty where the answer says nothing. */
  readonly text: string;
}

/** Reads the body of a refusal. Whatever it is, this throws nothing but the signal's reason. */
export async function diagnose(response: RegistryResponse): Promise<Diagnosis> {
  const text = await beginning(response);
  const type = response.headers['content-type'] ?? '';
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return fromJson(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  // A page of HTML says less than the status.
  return { codes: [], text: /^text\/plain/.test(type) ? oneLine(text) : '' };
}

async function beginning({ body }: RegistryResponse): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece);
      size += piece.length;
      if (size >= MOST_BYTES) break;
    }
  } catch (error) {
    // What came before the connection was lost may say enough: the status is known.
    if (!(error instanceof ImageError)) throw error;
  }
  return Buffer.concat(pieces).subarray(0, MOST_BYTES).toString('utf8');
}

function fromJson(value: JsonObject): Diagnosis {
  const errors = Array.isArray(value['errors']) ? value['errors'].filter(isObject).slice(0, MOST_ERRORS) : [value];
  const codes = errors.flatMap(({ code }) => (typeof code === 'string' ? [oneLine(code)] : []));
  const texts = errors.map(errorText).filter((text) => text !== '');
  return { codes, text: texts.join('; ') };
}

/** The registry's form, that of token servers (RFC 6749, section 5.2; `details` is Docker Hub's), and GitHub's. */
function errorText(error: JsonObject): string {
  const words = ['code', 'message', 'error', 'error_description', 'details'].flatMap((field) => {
    const value = error[field];
    return typeof value === 'string' && value !== '' ? [oneLine(value)] : [];
  });
  const detail = error['detail'];
  const isTelling = detail !== undefined && detail !== null && detail !== '' && JSON.stringify(detail) !== '{}';
  const more = isTelling ? ` (${oneLine(typeof detail === 'string' ? detail : JSON.stringify(detail))})` : '';
  return `${[...new Set(words)].join(': ')}${more}`;
}

/** Nothing secret that is echoed, nothing that could move the cursor, and no more than one can read. */
function oneLine(text: string): string {
  const plain = redacted(text)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return plain.length > MOST_TEXT ? `${plain.slice(0, MOST_TEXT)}…` : plain;
}

export interface Refusal {
  readonly doing: string;
  /** As the reference has it. */
  readonly host: string;
  /** Another host answered, to which the registry had redirected. */
  readonly redirectedTo: string | undefined;
  readonly hasCredentials: boolean;
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'DENIED',
  403: 'DENIED',
  404: 'NOT_FOUND',
  405: 'UNSUPPORTED',
  407: 'DENIED',
  409: 'CONFLICT',
  413: 'LIMIT',
  429: 'LIMIT',
  501: 'UNSUPPORTED',
};

/** The error that an answer means. Reads its body. */
export async function refusal(response: RegistryResponse, about: Refusal): Promise<ImageError> {
  const { status, headers } = response;
  const diagnosis = await diagnose(response);
  const who = about.redirectedTo === undefined ? about.host : `${about.redirectedTo} (${about.host} redirects there)`;
  const limit = status === 429 ? rateLimitText(headers) : undefined;
  const said = [diagnosis.text, limit].filter((part) => part !== undefined && part !== '').join('; ');
  const answer = said === '' ? `answers ${status}` : `answers ${status}: ${said}`;
  const hint = hintFor(status, diagnosis, about);
  return new ImageError(CODES[status] ?? (status >= 500 ? 'IO' : 'INVALID'), `${about.doing}: ${who} ${answer}`, {
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintFor(status: number, { codes }: Diagnosis, about: Refusal): string | undefined {
  if (about.redirectedTo !== undefined) return undefined;
  const login = about.host === 'docker.io' ? 'pare login' : `pare login ${about.host}`;
  if (status === 401) {
    return about.hasCredentials
      ? `the credentials for ${about.host} are not accepted, or do not suffice: log in again with "${login}", and check the name`
      : `log in with "${login}", or check the name: what is private and what is not there often look the same`;
  }
  if (status === 403) return `your account may not do this: check the name, or log in as somebody else with "${login}"`;
  if (codes.includes('NAME_UNKNOWN') || codes.includes('NAME_INVALID')) return 'check the name of the repository';
  if (codes.includes('MANIFEST_UNKNOWN')) return '"pare tags REPOSITORY" lists the tags there are';
  if (status === 429) {
    return about.hasCredentials
      ? 'wait, and try again'
      : `wait, or log in with "${login}": that often raises the limit`;
  }
  if (status >= 500) return 'the registry has a problem of its own: try again later';
  return undefined;
}
