/**
 * SQLite's write-ahead log beside a database: pages that were committed and not yet copied into it.
 * https://sqlite.org/fileformat2.html, 4 "The Write-Ahead Log".
 * @module
 */
const MAGIC = 0x377f0682;
const HEADER_SIZE = 32;
const FRAME_HEADER_SIZE = 24;

type Checksum = readonly [number, number];

/**
 * The newest committed content of each page in the log, by page number. A log that does not begin as one is empty; reading
 * stops at the first frame whose salts or checksum do not fit, as SQLite's does.
 */
export function walPages(log: Buffer, pageSize: number): ReadonlyMap<number, Buffer> {
  const committed = new Map<number, Buffer>();
  if (log.length < HEADER_SIZE || log.readUInt32BE(0) >>> 1 !== MAGIC >>> 1) return committed;
  const bigEndian = (log.readUInt32BE(0) & 1) === 1;
  if (log.readUInt32BE(8) !== pageSize) return committed;
  let sum = checksum(log.subarray(0, 24), [0, 0], bigEndian);
  if (!same(sum, log, 24)) return committed;
  const pending = new Map<number, Buffer>();
  const frameSize = FRAME_HEADER_SIZE + pageSize;
  for (let at = HEADER_SIZE; at + frameSize <= log.length; at += frameSize) {
    const frame = log.subarray(at, at + frameSize);
    if (frame.compare(log, 16, 24, 8, 16) !== 0) break;
    sum = checksum(frame.subarray(FRAME_HEADER_SIZE), checksum(frame.subarray(0, 8), sum, bigEndian), bigEndian);
    if (!same(sum, frame, 16)) break;
    pending.set(frame.readUInt32BE(0), frame.subarray(FRAME_HEADER_SIZE));
    if (frame.readUInt32BE(4) === 0) continue;
    for (const [number, page] of pending) committed.set(number, page);
    pending.clear();
  }
  return committed;
}

function same([first, second]: Checksum, bytes: Buffer, at: number): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}

/** The log's Fibonacci-weighted checksum over pairs of 32-bit words, going on from `start`. */
function checksum(bytes: Buffer, start: Checksum, bigEndian: boolean): Checksum {
  let [first, second] = start;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const one = bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const two = bigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    first = (first + one + second) >>> 0;
    second = (second + two + first) >>> 0;
  }
  return [first, second];
}
