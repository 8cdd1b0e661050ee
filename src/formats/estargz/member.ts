/** One gzip member (RFC 1952) of bytes in memory. @module */
import { crc32, deflateRaw, deflateRawSync } from 'node:zlib';
import type { DeflateSettings } from '../compress/profile.ts';

/** Pieces below this are compressed where they are: handing them to a thread costs more. In bytes. */
const SMALL = 16 * 1024;

/** No name, no time, an unknown system. */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] as const;

/** At once for few bytes, else on a thread: the result is the same. */
export function gzipMember(bytes: Buffer, settings: DeflateSettings): Buffer | Promise<Buffer> {
  const options = { ...settings, chunkSize: bytes.length + (bytes.length >> 9) + 1024 };
  const whole = (deflated: Buffer) => Buffer.concat([Buffer.from(HEADER), deflated, trailer(bytes)]);
  if (bytes.length < SMALL) return whole(deflateRawSync(bytes, options));
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, options, (error, deflated) => (error === null ? resolve(whole(deflated)) : reject(error)));
  });
}

function trailer(bytes: Buffer): Buffer {
  const out = Buffer.alloc(8);
  out.writeUInt32LE(crc32(bytes), 0);
  out.writeUInt32LE(bytes.length % 2 ** 32, 4);
  return out;
}
