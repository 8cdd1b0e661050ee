/** How often a registry may still be asked: `RateLimit-Limit` and `RateLimit-Remaining`, as Docker Hub sends them. @module */

type Headers = Readonly<Record<string, string>>;

export interface RateLimit {
  readonly remaining: number;
  readonly limit: number | undefined;
  /** Seconds for which the limit counts. */
  readonly window: number | undefined;
}

/** `100;w=21600`; the draft of the IETF has the number alone. */
const FORM = /^\s*(\d{1,9})\s*(?:[;,].*?\bw=(\d{1,9}))?/;

/** @returns undefined where the registry says nothing about it */
export function rateLimit(headers: Headers): RateLimit | undefined {
  const [, remaining, window] = FORM.exec(headers['ratelimit-remaining'] ?? '') ?? [];
  if (remaining === undefined) return undefined;
  const [, limit, limitWindow] = FORM.exec(headers['ratelimit-limit'] ?? '') ?? [];
  const seconds = limitWindow ?? window;
  return {
    remaining: Number(remaining),
    limit: limit === undefined ? undefined : Number(limit),
    window: seconds === undefined ? undefined : Number(seconds),
  };
}

/** `3 of 100 requests in 6 hours are left`. */
export function rateLimitText(headers: Headers): string | undefined {
  const found = rateLimit(headers);
  if (found === undefined) return undefined;
  const { remaining, limit, window } = found;
  const of = limit === undefined ? '' : ` of ${limit}`;
  return `${remaining}${of} requests${window === undefined ? '' : ` in ${duration(window)}`} are left`;
}

/** Few enough to tell: a tenth of all. */
export function isScarce({ remaining, limit }: RateLimit): boolean {
  return remaining <= (limit === undefined ? 10 : limit / 10);
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return seconds === 3600 ? 'an hour' : `${seconds / 3600} hours`;
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`;
}
