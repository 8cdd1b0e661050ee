/** Which start of this system we are in. @module */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemCode } from '../base/errors.ts';

/**
 * The same for all processes until the next start, and never again. What a process wrote without fsync is whole for as long
 * as this stays the same: only a crash of the whole system can lose it. Where the kernel does not tell, always another one.
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return randomUUID();
  }
}
