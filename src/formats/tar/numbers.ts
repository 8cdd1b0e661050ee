/**
 * Numbers in header fields: octal text (pax(1), "ustar Interchange Format"), or base-256 two's complement where the first
 * byte has its high bit set (GNU tar manual, "Extensions").
 * @module
 */

const SPACE = 0x20;
const ZERO = 0x30;

/** @returns the number, 0 for an empty field, NaN where it is malformed or beyond ±(2^53 − 1) */
export function parseNumber(bytes: Uint8Array, at: number, width: number): number {
  if ((bytes[at] as number) & 0x80) return parseBase256(bytes, at, width);
  const end = at + width;
  let i = at;
  while (i < end && (bytes[i] === SPACE || bytes[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = (bytes[i] as number) - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  return i === end || bytes[i] === SPACE || bytes[i] === 0 ? value : Number.NaN;
}

function parseBase256(bytes: Uint8Array, at: number, width: number): number {
  const negative = ((bytes[at] as number) & 0x40) !== 0;
  const flip = negative ? 0xff : 0;
  let value = ((bytes[at] as number) ^ flip) & 0x3f;
  for (let i = at + 1; i < at + width; i++) value = value * 256 + ((bytes[i] as number) ^ flip);
  if (negative) value = -value - 1;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Whether the number fits into an octal field that ends with a NUL. */
export function fitsOctal(value: number, width: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < (OCTAL_END[width - 1] as number);
}

/** The first number that does not fit into so many octal digits. */
const OCTAL_END: readonly number[] = Array.from({ length: 12 }, (_, digits) => 8 ** digits);

/** Writes `value` in octal, zero-padded, ended by a NUL. The caller has asked {@link fitsOctal}. */
export function writeOctal(bytes: Uint8Array, at: number, width: number, value: number): void {
  let rest = value;
  bytes[at + width - 1] = 0;
  for (let i = at + width - 2; i >= at; i--) {
    const digit = rest % 8;
    bytes[i] = ZERO + digit;
    rest = (rest - digit) / 8;
  }
}
