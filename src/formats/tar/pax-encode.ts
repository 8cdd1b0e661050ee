/** Writing PAX records. @module */
import { encodeName } from '../../base/names.ts';

/** One record to write: a name as in `base/names.ts`, or bytes. */
export type PaxRecord = readonly [key: string, value: string | Uint8Array];

/** The records in the order given. */
export function encodePax(records: readonly PaxRecord[]): Buffer {
  return Buffer.concat(records.map(([key, value]) => encodeRecord(key, value)));
}

function encodeRecord(key: string, value: string | Uint8Array): Buffer {
  const keyBytes = encodeName(key);
  const valueBytes = typeof value === 'string' ? encodeName(value) : value;
  // Space, equals sign and line end; the length counts its own digits.
  const rest = keyBytes.length + valueBytes.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length++;
  return Buffer.concat([Buffer.from(`${length} `), keyBytes, Buffer.from('='), valueBytes, Buffer.from('\n')]);
}
