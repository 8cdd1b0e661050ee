/** How long anything may take: no server keeps a client waiting for ever. @module */

export interface Timeouts {
  /** Milliseconds until a connection stands. */
  readonly connect: number;
  /** Milliseconds until an answer begins; what is sent may have to be stored first. */
  readonly answer: number;
  /** Milliseconds without any byte. */
  readonly idle: number;
  /** A body that brings fewer bytes than this in {@link idle} milliseconds of waiting stands still as well. */
  readonly leastBytes: number;
}

export const TIMEOUTS: Timeouts = { connect: 20_000, answer: 300_000, idle: 60_000, leastBytes: 16 * 1024 };
