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

/**
 * For people, in messages and tables: each byte that is no UTF-8 and each ASCII control character as `\xNN`; what else could
 * steer a terminal or turn the direction of writing (C1 controls, line separators, bidirectional marks) as `\u{NN}`.
 */
export function printableName(name: string): string {
  return name.replace(UNPRINTABLE, (c) => {
    if (c.length === 2) return c;
    const unit = c.charCodeAt(0);
    const escapes = unit < 0x80 || (unit >= 0xdc80 && unit <= 0xdcff);
    return escapes ? `\\x${(unit & 0xff).toString(16).padStart(2, '0')}` : `\\u{${unit.toString(16)}}`;
  });
}

/** Surrogate pairs match first, so that their halves do not. */
const UNPRINTABLE =
  /[\uD800-\uDBFF][\uDC00-\uDFFF]|[\u0000-\u001F\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uD800-\uDFFF]/g;

function decodeEscaping(bytes: Uint8Array): string {
  let out = '';
  let valid = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    at += length;
    if (length > 0) continue;
    out += strict.decode(bytes.subarray(valid, at)) + String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
    valid = ++at;
  }
  return out + strict.decode(bytes.subarray(valid));
}

type ByteRange = readonly [low: number, high: number];

/** The well-formed sequences of RFC 3629, section 4: the ranges that their bytes must be in. */
const SEQUENCES: readonly (readonly ByteRange[])[] = ((tail: ByteRange) =>
  [
    [[0x00, 0x7f]],
    [[0xc2, 0xdf], tail],
    [[0xe0, 0xe0], [0xa0, 0xbf], tail],
    [[0xe1, 0xec], tail, tail],
    [[0xed, 0xed], [0x80, 0x9f], tail],
    [[0xee, 0xef], tail, tail],
    [[0xf0, 0xf0], [0x90, 0xbf], tail, tail],
    [[0xf1, 0xf3], tail, tail, tail],
    [[0xf4, 0xf4], [0x80, 0x8f], tail, tail],
  ] as const)([0x80, 0xbf]);

/** Length of the valid UTF-8 sequence that starts here, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const matches = (ranges: readonly ByteRange[]) =>
    ranges.every(([low, high], i) => {
      const byte = bytes[at + i];
      return byte !== undefined && byte >= low && byte <= high;
    });
  return SEQUENCES.find(matches)?.length ?? 0;
}

function encodeEscaping(name: string): Buffer {
  const parts: Buffer[] = [];
  for (const char of name) {
    const unit = char.length === 1 ? char.charCodeAt(0) : 0;
    parts.push(unit >= 0xdc80 && unit <= 0xdcff ? Buffer.of(unit - 0xdc00) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Names that an interner remembers, one for each value of a hash; what is near in an archive is alike. A power of two. */
const REMEMBERED = 4096;

/**
 * One string for names that are equal and near each other, and one that owns its characters: a name cut from a path is, in V8,
 * a slice that keeps the whole path in memory. Make one interner for each tree that is being built.
 */
export function nameInterner(): (name: string) => string {
  const known = new Array<string | undefined>(REMEMBERED).fill(undefined);
  return (name) => {
    const slot = slotOf(name);
    const found = known[slot];
    if (found === name) return found;
    const own = ownCharacters(name);
    known[slot] = own;
    return own;
  };
}

function slotOf(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return hash & (REMEMBERED - 1);
}

/** V8 copies pieces shorter than this instead of slicing (SlicedString::kMinLength). */
const SLICED_FROM = 13;

/** Where characters are copied through; a longer name (Linux has none) is copied through a buffer of its own. */
const SCRATCH = Buffer.alloc(1024);

function ownCharacters(text: string): string {
  if (text.length < SLICED_FROM) return text;
  const scratch = text.length * 2 <= SCRATCH.length ? SCRATCH : Buffer.alloc(text.length * 2);
  const narrow = scratch.toString('latin1', 0, scratch.write(text, 'latin1'));
  return narrow === text ? narrow : scratch.toString('utf16le', 0, scratch.write(text, 'utf16le'));
}
