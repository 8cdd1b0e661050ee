/** When a failed exchange is tried again, and how long to wait before: the one place that decides it. @module */
import { ImageError } from '../../base/errors.ts';
import type { World } from '../../ports/registry-access.ts';
import type { Run } from '../../ports/run.ts';
import type { RegistryResponse } from './types.ts';

/** After the first time. */
export const RETRIES = 5;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 20_000;
/** A registry that wants more patience than this, in milliseconds, is not waited for. */
const MOST_PATIENCE = 120_000;

/** Whether the same request may be answered otherwise later on. */
function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

/** Milliseconds before the n-th repetition, n from 0: doubling, and jittered so that many clients do not come back at once. */
export function pause(n: number, { random }: Pick<World, 'random'>): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** n) * (0.5 + random() / 2);
}

/** Milliseconds that `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | undefined, { now }: Pick<World, 'now'>): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}

/** A failure of the network and not of the request: what was asked is as good as before. */
export class Disconnected extends ImageError {
  /** Whether trying again can help. */
  readonly isTransient: boolean;
  /** Whether the server may have seen the request. */
  readonly isSent: boolean;
  /** As the system or the library calls it: `ECONNRESET`. */
  readonly reason: string;

  constructor(
    message: string,
    details: { isTransient: boolean; isSent: boolean; reason: string; hint?: string; cause?: unknown },
  ) {
    const { isTransient, isSent, reason, ...rest } = details;
    super('IO', message, rest);
    this.isTransient = isTransient;
    this.isSent = isSent;
    this.reason = reason;
  }

  /** The same, where it has been tried often enough. */
  final(): Disconnected {
    const { message, isSent, reason, hint, cause } = this;
    return new Disconnected(message, {
      isTransient: false,
      isSent,
      reason,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

export interface RetryPolicy {
  /** Statuses that are an answer, whatever else they could mean. */
  readonly expect: readonly number[];
  /** Whether doing it twice is the same as doing it once. */
  readonly isIdempotent: boolean;
  /** Whether it can be sent again at all: a stream cannot. */
  readonly isRepeatable: boolean;
  /** How often again where no connection came about; default as for everything else. */
  readonly connections?: number;
}

/**
 * The answer of the first attempt that got one which is not transient; the last attempt's otherwise.
 * @throws ImageError of the last attempt where it got none; the signal's reason
 */
export async function persistently(
  attempt: () => Promise<RegistryResponse>,
  policy: RetryPolicy,
  world: World,
  { host, run }: { readonly host: string; readonly run: Run },
): Promise<RegistryResponse> {
  for (let n = 0; ; n++) {
    const outcome = await outcomeOf(attempt);
    const wait =
      n < mostRetries(outcome, policy) && policy.isRepeatable ? waitAfter(outcome, n, policy, world) : undefined;
    if (wait === undefined) {
      if ('error' in outcome) throw outcome.error;
      return outcome.response;
    }
    if ('response' in outcome) await outcome.response.discard().catch(ignoreLoss);
    if (wait >= WORTH_TELLING) {
      run.report?.({ type: 'step', text: `${host} wants patience: trying again in ${Math.ceil(wait / 1000)} s` });
    }
    await world.sleep(wait, run.signal);
  }
}

/** Milliseconds. */
const WORTH_TELLING = 2_000;

type Outcome = { readonly response: RegistryResponse } | { readonly error: Disconnected };

async function outcomeOf(attempt: () => Promise<RegistryResponse>): Promise<Outcome> {
  try {
    return { response: await attempt() };
  } catch (error) {
    if (error instanceof Disconnected) return { error };
    throw error;
  }
}

function mostRetries(outcome: Outcome, { connections = RETRIES }: RetryPolicy): number {
  return 'error' in outcome && !outcome.error.isSent ? connections : RETRIES;
}

/** Milliseconds to wait before trying again; undefined where that is of no use, or not right. */
function waitAfter(outcome: Outcome, n: number, policy: RetryPolicy, world: World): number | undefined {
  if ('error' in outcome) {
    const { isTransient, isSent } = outcome.error;
    return isTransient && (policy.isIdempotent || !isSent) ? pause(n, world) : undefined;
  }
  const { status, headers } = outcome.response;
  if (policy.expect.includes(status) || !isTransientStatus(status)) return undefined;
  // A server that is too busy has not done it.
  if (!policy.isIdempotent && status !== 429 && status !== 503) return undefined;
  const wanted = retryAfter(headers['retry-after'], world);
  if (wanted === undefined) return pause(n, world);
  return wanted > MOST_PATIENCE ? undefined : Math.max(wanted, pause(n, world));
}

/** The answer is of no interest any more; its end even less. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof ImageError)) throw error;
}
