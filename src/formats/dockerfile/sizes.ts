/** Sizes and durations as Go programs read them. @module */

const UNITS = 'bkmgtp';

/** `64m`, `1.5 GiB`, `512`: bytes, powers of 1024 (docker/go-units RAMInBytes); undefined for anything else. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = 'b'] = /^(\d+(?:\.\d+)?) ?([kmgtp])?(?:i?b|b)?$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const bytes = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** `1h30m`, `1.5s`, `0`: nanoseconds (Go's time.ParseDuration); undefined for anything else and for more than 104 days. */
export function parseDuration(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.+)$/.exec(text) ?? [];
  if (rest === '0') return 0;
  let total = 0;
  const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;
  while (part.lastIndex < rest.length || rest === '') {
    const match = part.exec(rest);
    if (match === null) return undefined;
    total += Number(match[1]) * (NANOSECONDS[match[2] ?? ''] ?? 0);
  }
  const nanoseconds = Math.trunc(total);
  if (!Number.isSafeInteger(nanoseconds)) return undefined;
  return sign === '-' && nanoseconds !== 0 ? -nanoseconds : nanoseconds;
}
