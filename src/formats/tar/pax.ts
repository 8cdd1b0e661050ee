/**
 * Records of a PAX extended header: `LENGTH KEY=VALUE\n`, LENGTH counting the whole record in decimal (pax(1), "pax Extended
 * Header"). Values are bytes: names need not be UTF-8, and attributes hold anything. Writing is in `pax-encode.ts`.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { decodeName } from '../../base/names.ts';

/** In order of appearance, the last of equal keys winning; an empty value takes back what was set before. */
export type PaxRecords = ReadonlyMap<string, Uint8Array>;

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/** Keys whose value is a name and so cannot hold NUL. Elsewhere NUL is data, but never in the key. */
const NAMES: ReadonlySet<string> = new Set(['path', 'linkpath', 'uname', 'gname', 'GNU.sparse.name']);

/**
 * Values share memory with `bytes`. The pairs of GNU sparse format 0.0, the one place where keys repeat with a meaning, are
 * gathered into one `GNU.sparse.map` as format 0.1 has it.
 * @throws ImageError INVALID, without saying where: the caller knows
 */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const records = new Map<string, Uint8Array>();
  const sparse: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(SPACE, at);
    const end = at + recordLength(bytes, at, space);
    const equals = bytes.indexOf(EQUALS, space + 1);
    if (equals <= space + 1 || equals >= end || end > bytes.length || bytes[end - 1] !== NEWLINE) throw malformed();
    const key = decodeName(bytes.subarray(space + 1, equals));
    const value = bytes.subarray(equals + 1, end - 1);
    if (key.includes('\0') || (NAMES.has(key) && value.includes(0))) throw malformed('NUL in a name');
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') addSparse(sparse, key, value);
    else records.set(key, value);
    at = end;
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  return records;
}

function recordLength(bytes: Uint8Array, at: number, space: number): number {
  if (space <= at || space - at > 8) throw malformed();
  let length = 0;
  for (let i = at; i < space; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) throw malformed();
    length = length * 10 + digit;
  }
  return length;
}

function addSparse(list: string[], key: string, value: Uint8Array): void {
  const wanted = list.length % 2 === 0 ? 'GNU.sparse.offset' : 'GNU.sparse.numbytes';
  const text = decodeName(value);
  if (key !== wanted || text.includes(',')) throw malformed('sparse offsets and sizes do not alternate');
  list.push(text);
}

function malformed(why = 'length, "=" or line end is not where it should be'): ImageError {
  return new ImageError('INVALID', `malformed PAX record: ${why}`);
}

/** A decimal number that cannot be negative; leading zeros are fine. NaN where it is anything else. */
export function parseDecimal(text: string): number {
  if (!/^\d+$/.test(text)) return Number.NaN;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

export interface Time {
  /** Whole seconds since the epoch, rounded down. */
  readonly seconds: number;
  /** 0 to 999,999,999. */
  readonly nanoseconds: number;
}

/**
 * `-12.5` → 13 seconds before the epoch and half a second on. Digits beyond the ninth are rounded down in time, as GNU tar
 * does. Undefined where it is no time.
 */
export function parseTime(text: string): Time | undefined {
  const match = /^(-?)(\d{1,16})(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ''] = match;
  let seconds = Number(whole);
  let nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (sign === '-') {
    if (/[1-9]/.test(fraction.slice(9))) nanoseconds++;
    seconds = nanoseconds > 0 ? -seconds - 1 : -seconds;
    nanoseconds = (1e9 - nanoseconds) % 1e9;
  }
  if (!Number.isSafeInteger(seconds)) return undefined;
  return { seconds: seconds === 0 ? 0 : seconds, nanoseconds };
}

/** The inverse of {@link parseTime}, in as few digits as it takes. */
export function formatTime({ seconds, nanoseconds }: Time): string {
  if (nanoseconds === 0) return String(seconds);
  const negative = seconds < 0;
  const whole = negative ? -seconds - 1 : seconds;
  const fraction = negative ? 1e9 - nanoseconds : nanoseconds;
  return `${negative ? '-' : ''}${whole}.${String(fraction).padStart(9, '0').replace(/0+$/, '')}`;
}
