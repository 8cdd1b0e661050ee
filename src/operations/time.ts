/** The one moment that goes into what is made: never the clock's. @module */
import { ImageError } from '../base/errors.ts';

/**
 * `$SOURCE_DATE_EPOCH` where it is set (reproducible-builds.org), else the newest time of the input; RFC 3339 in UTC.
 * @param newest seconds since the epoch
 */
export function timestamp(env: Readonly<Record<string, string | undefined>>, newest: number): string {
  const text = env['SOURCE_DATE_EPOCH'];
  const seconds = text === undefined || text === '' ? newest : Number(text);
  if (!Number.isSafeInteger(seconds) || Math.abs(seconds) > MOST) {
    throw new ImageError('USAGE', `$SOURCE_DATE_EPOCH is "${text}", which is no number of seconds since 1970`, {
      hint: 'for example: export SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct)',
    });
  }
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** The year 9999: RFC 3339 has four digits for it. */
const MOST = 253_402_300_799;
