/** JSON read with bounds, and written in one form only, so that equal values have equal digests. @module */
import { ImageError } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Deeper nesting than any document of this field has; JSON.parse and whoever walks the value stay within their stack. */
const MAX_DEPTH = 64;

const strict = new TextDecoder('utf-8', { fatal: true });

/**
 * @param what for messages: `manifest sha256:…`
 * @param limit most bytes the text may have
 * @throws ImageError INVALID: no UTF-8, no JSON, nested too deep; LIMIT
 */
export function parseJson(bytes: Uint8Array, what: string, limit: number): unknown {
  if (bytes.length > limit) {
    throw new ImageError('LIMIT', `${what} has ${bytes.length} bytes; more than ${limit} are not read`);
  }
  const depth = nesting(bytes);
  if (depth > MAX_DEPTH) throw new ImageError('INVALID', `${what} is nested deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(strict.decode(bytes));
  } catch (error) {
    throw new ImageError('INVALID', `${what} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** The deepest nesting, from the brackets outside of strings. */
function nesting(bytes: Uint8Array): number {
  let deepest = 0;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c /* \ */) i++;
      else if (byte === 0x22 /* " */) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b /* [ */ || byte === 0x7b /* { */) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x5d /* ] */ || byte === 0x7d /* } */) depth--;
  }
  return deepest;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const encoder = new TextEncoder();

/**
 * The one text of a value: no white space, keys sorted by code unit, undefined left out; RFC 8785 for the values that occur
 * here (no fractions). UTF-8 without a newline at the end.
 */
export function canonicalJson(value: unknown): Uint8Array<ArrayBuffer> {
  return encoder.encode(canonicalText(value));
}

/** Not by JSON.stringify alone: an object gives its keys that look like numbers first, and in another order. */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalText(item ?? null)).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const fields = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`);
  return `{${fields.join(',')}}`;
}
