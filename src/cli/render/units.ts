/** Numbers for people. MB is 10^6 bytes everywhere. @module */

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** `999 B`, `1.23 kB`, `17.6 MB`, `312 MB`: three significant digits. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes / 1000;
  let unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toPrecision(value >= 999.5 ? 4 : 3)} ${UNITS[unit]}`;
}
