/** Changes to a config, as the command line writes them. @module */
import { ImageError } from '../base/errors.ts';
import type { Healthcheck } from '../formats/oci/types.ts';
import { timestamp } from '../operations/time.ts';
import { NAMED_FIELDS, PLAIN_FIELDS, type Unset } from '../transforms/mutate/edits.ts';
import { commandWords } from './words.ts';

export function unsetFields(): string {
  return [...NAMED_FIELDS.map((field) => `${field}[=NAME]`), ...PLAIN_FIELDS].join(', ');
}

/** `env=NAME`, `env`, `user`. @throws ImageError USAGE */
export function unsetField(text: string): Unset {
  const cut = text.indexOf('=');
  const [field, name] = cut < 0 ? [text, undefined] : [text.slice(0, cut), text.slice(cut + 1)];
  const named = NAMED_FIELDS.find((one) => one === field);
  if (named !== undefined && name !== '') return { field: named, name };
  const plain = PLAIN_FIELDS.find((one) => one === field);
  if (plain !== undefined && name === undefined) return { field: plain, name };
  throw new ImageError('USAGE', `--unset ${text}: there is no such field`, { hint: `it can be ${unsetFields()}` });
}

/** RFC 3339 in UTC. @throws ImageError USAGE */
export function moment(text: string): string {
  if (/^\d{1,11}$/.test(text)) return timestamp(Number(text));
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
  if (form.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new ImageError('USAGE', `--created ${text}: it is no time`, {
    hint: 'write it as 2026-01-31T12:00:00Z, or as seconds since 1970',
  });
}

export interface HealthOptions {
  readonly healthcheck?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthStartPeriod?: string;
  readonly healthRetries?: string;
}

/** As docker's options: the check, and how often. Undefined where none is given. @throws ImageError USAGE */
export function healthcheckOf(options: HealthOptions): Healthcheck | undefined {
  const { healthcheck, healthInterval, healthTimeout, healthStartPeriod, healthRetries } = options;
  const times = [healthInterval, healthTimeout, healthStartPeriod, healthRetries];
  if (healthcheck === undefined) {
    if (times.every((one) => one === undefined)) return undefined;
    throw new ImageError('USAGE', 'the options of a health check go with --healthcheck');
  }
  return {
    Test: testOf(healthcheck),
    ...(healthInterval && { Interval: nanoseconds('--health-interval', healthInterval) }),
    ...(healthTimeout && { Timeout: nanoseconds('--health-timeout', healthTimeout) }),
    ...(healthStartPeriod && { StartPeriod: nanoseconds('--health-start-period', healthStartPeriod) }),
    ...(healthRetries && { Retries: count(healthRetries) }),
  };
}

function testOf(text: string): readonly string[] {
  if (text === 'NONE') return ['NONE'];
  return text.trimStart().startsWith('[') ? ['CMD', ...commandWords(text)] : ['CMD-SHELL', text];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function nanoseconds(option: string, text: string): number {
  const [, number, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number !== undefined) return Math.round(Number(number) * (UNITS[unit] as number));
  throw new ImageError('USAGE', `${option} ${text}: it is no time`, { hint: 'write 500ms, 30s, 5m or 1h' });
}

function count(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new ImageError('USAGE', `--health-retries ${text}: it is no number`);
}
