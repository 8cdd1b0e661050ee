/** CRC-64 of ISO 3309, as tar-split has it for the contents of files. @module */

/**
 * The remainder in two halves. Its polynomial, x^64 + x^4 + x^3 + x + 1, is so sparse that four bytes at a time need no table:
 * what falls out at the low end comes back at the high end, shifted by 0, 1, 3 and 4 bits.
 */
export class Crc64 {
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    const whole = bytes.length - (bytes.length % 4);
    let at = 0;
    for (; at < whole; at += 4) {
      const word =
        (bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24);
      const out = low ^ word;
      low = high ^ (out << 31) ^ (out << 29) ^ (out << 28);
      high = out ^ (out >>> 1) ^ (out >>> 3) ^ (out >>> 4);
    }
    for (; at < bytes.length; at++) {
      const out = (low ^ (bytes[at] as number)) & 0xff;
      low = (low >>> 8) | (high << 24);
      high = (high >>> 8) ^ (out << 24) ^ (out << 23) ^ (out << 21) ^ (out << 20);
    }
    this.#high = high;
    this.#low = low;
  }

  /** Big-endian. */
  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeInt32BE(~this.#high, 0);
    out.writeInt32BE(~this.#low, 4);
    return out;
  }
}
