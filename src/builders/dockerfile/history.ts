/** What the history says of each instruction: the words that BuildKit's frontend writes, since tools read them. @module */
import type { Healthcheck, History } from '../../formats/oci/types.ts';

export const COMMENT = 'buildkit.dockerfile.v0';

/** One line of the history whose time is not known yet. */
export interface Told {
  readonly text: string;
  /** RFC 3339, where the instruction made a layer. */
  readonly created: string | undefined;
  readonly hasLayer: boolean;
}

/**
 * Entries without a time of their own have that of the layer before them, or of the next: then a build that does nothing new says
 * the same.
 * @param fallback where no layer was made at all
 */
export function historyOf(told: readonly Told[], before: readonly History[], fallback: string): readonly History[] {
  let last = before.findLast(({ created }) => created !== undefined)?.created;
  last ??= told.find(({ created }) => created !== undefined)?.created ?? fallback;
  return told.map(({ text, created, hasLayer }) => {
    last = created ?? (last as string);
    const entry = { created: last, created_by: text, comment: COMMENT };
    return hasLayer ? entry : { ...entry, empty_layer: true };
  });
}

/** As Go prints a list with %v: `[a b]`. */
export function plainList(words: readonly string[]): string {
  return `[${words.join(' ')}]`;
}

/** As Go prints a list with %q: `["a" "b"]`. */
export function quotedList(words: readonly string[]): string {
  return `[${words.map(goQuoted).join(' ')}]`;
}

/** strconv.Quote, as far as JSON does not say the same. */
function goQuoted(text: string): string {
  return JSON.stringify(text).replace(/\\b|\\f|\\u([0-9a-f]{4})/g, (whole, code?: string) => {
    if (code === undefined) return whole;
    return code.startsWith('00') ? `\\x${code.slice(2)}` : whole;
  });
}

/** As Go prints the struct with %+v. */
export function healthcheckText(check: Healthcheck): string {
  const { Test = [], Interval = 0, Timeout = 0, StartPeriod = 0, StartInterval = 0, Retries = 0 } = check;
  const times = Object.entries({ Interval, Timeout, StartPeriod, StartInterval });
  const words = times.map(([name, nanoseconds]) => `${name}:${goDuration(nanoseconds)}`);
  return `{Test:${plainList(Test)} ${words.join(' ')} Retries:${Retries}}`;
}

/** As Go prints a duration: `1m30s`, `1.5s`, `250ms`. @param nanoseconds */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e9) {
    const [unit, factor] = nanoseconds >= 1e6 ? ['ms', 1e6] : nanoseconds >= 1e3 ? ['µs', 1e3] : ['ns', 1];
    return `${nanoseconds / (factor as number)}${unit}`;
  }
  const seconds = Math.floor(nanoseconds / 1e9);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = `${(nanoseconds - (hours * 3600 + minutes * 60) * 1e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}

/** A RUN's words, with the arguments that it could see. */
export function runText(args: readonly string[], buildArgs: readonly (readonly [string, string])[]): string {
  const seen = buildArgs.map(([name, value]) => `${name}=${value}`);
  const words = seen.length === 0 ? args : [`|${seen.length}`, ...seen, ...args];
  return `RUN ${words.join(' ')} # buildkit`;
}
