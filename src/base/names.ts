/**
 * File names are bytes on Linux and text in this program. A name that is valid UTF-8 is that text; a byte that is not
 * part of valid UTF-8 becomes one lone surrogate U+DC80–U+DCFF, as in Python's PEP 383 ("surrogateescape"). The mapping
 * loses nothing: {@link encodeName} gives back exactly the bytes that {@link decodeName} was given.
 * @module
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ESCAPED = /[\uD800-\uDFFF]/;
const LONE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** Bytes → text. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

/** Text → bytes; the inverse of {@link decodeName}. Lone surrogates that no byte made are encoded as U+FFFD. */
export function encodeName(name: string): Buffer {
  return hasEscapes(name) ? encodeEscaping(name) : Buffer.from(name, 'utf8');
}

/** Whether the name holds bytes that are no valid UTF-8. */
export function hasEscapes(name: string): boolean {
  return ESCAPED.test(name) && LONE.test(name);
}

/** For people and JSON: each byte that is no UTF-8, and each control character, as `\xNN`. */
export function printableName(name: string): string {
  return name
    .replace(/[\u0000-\u001F\u007F]/g, hex)
    .replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uDC80-\uDCFF]/g, (c) => (c.length === 2 ? c : hex(c)));
}

function hex(c: string): string {
  return `\\x${(c.charCodeAt(0) & 0xff).toString(16).padStart(2, '0')}`;
}

function decodeEscaping(bytes: Uint8Array): string {
  let out = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length > 0) out += strict.decode(bytes.subarray(at, at + length));
    else out += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    at += Math.max(length, 1);
  }
  return out;
}

/** Length of the valid UTF-8 sequence that starts here (RFC 3629, table in section 4), or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
  if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
  return length;
}

function encodeEscaping(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const char of name) {
    const unit = char.length === 1 ? char.charCodeAt(0) : 0;
    parts.push(unit >= 0xdc80 && unit <= 0xdcff ? Buffer.of(unit - 0xdc00) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}
