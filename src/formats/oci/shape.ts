/**
 * Checks on values that came from JSON. Every check names where in the document it is, so that a message points at the
 * field: `layers[2].size`.
 * @module
 */
import { type Digest, isDigest } from '../../base/digest.ts';
import { ImageError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';

/** A value and where it stands. */
export interface At {
  /** The document: `manifest sha256:…`. */
  readonly what: string;
  /** The field: `config.digest`; empty for the whole. */
  readonly field: string;
  readonly value: unknown;
}

export function child(at: At, key: string): At {
  const object = asObject(at);
  const field = at.field === '' ? key : `${at.field}.${key}`;
  return { what: at.what, field, value: Object.hasOwn(object, key) ? object[key] : undefined };
}

export function wrong(at: At, expected: string): ImageError {
  const where = at.field === '' ? at.what : `${at.what}: ${at.field}`;
  const found = at.value === undefined ? 'is missing' : `is ${shown(at.value)}`;
  return new ImageError('INVALID', `${where} ${found}; expected ${expected}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function asObject(at: At): JsonObject {
  if (!isObject(at.value)) throw wrong(at, 'an object');
  return at.value;
}

export function asString(at: At): string {
  if (typeof at.value !== 'string') throw wrong(at, 'a string');
  return at.value;
}

/** A whole number of bytes: not negative, and exact in a double. */
export function asSize(at: At): number {
  if (!Number.isSafeInteger(at.value) || (at.value as number) < 0) throw wrong(at, 'a number of bytes');
  return at.value as number;
}

/** @throws ImageError UNSUPPORTED for an algorithm that pare does not compute */
export function asDigest(at: At): Digest {
  const text = asString(at);
  if (isDigest(text)) return text;
  const algorithm = /^([a-z0-9]+(?:[+._-][a-z0-9]+)*):[a-zA-Z0-9=_-]+$/.exec(text)?.[1];
  if (algorithm !== undefined && algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw new ImageError('UNSUPPORTED', `${at.what}: ${at.field} uses the digest algorithm "${algorithm}"`, {
      hint: 'pare verifies sha256 and sha512',
    });
  }
  throw wrong(at, 'a digest');
}

/** RFC 6838, section 4.2. */
const MEDIA_TYPE = /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/;

export function asMediaType(at: At): string {
  const text = asString(at);
  if (!MEDIA_TYPE.test(text)) throw wrong(at, 'a media type');
  return text;
}

export function asList<T>(at: At, item: (at: At) => T): T[] {
  if (!Array.isArray(at.value)) throw wrong(at, 'a list');
  return at.value.map((value, i) => item({ what: at.what, field: `${at.field}[${i}]`, value }));
}

export function asStringMap(at: At): Record<string, string> {
  const object = asObject(at);
  return Object.fromEntries(Object.keys(object).map((key) => [key, asString(child(at, key))]));
}

/** A field that may be absent; JSON's null, which Go writes for empty lists and maps, counts as absent. */
export function optional<T>(at: At, read: (at: At) => T): T | undefined {
  return at.value === undefined || at.value === null ? undefined : read(at);
}

/** The object without the keys whose value is undefined. */
export function compact<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as never;
}
