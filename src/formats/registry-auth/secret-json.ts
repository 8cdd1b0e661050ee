/** JSON that holds secrets. @module */
import { ImageError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';

/** Most bytes of a file of credentials, or of a helper's answer. */
export const SECRETS_LIMIT = 1024 * 1024;

/**
 * As {@link parseJson}; the error says where the mistake is and quotes nothing: V8's own message holds a piece of the text,
 * and `--debug` would print it as the cause.
 * @throws ImageError INVALID, LIMIT
 */
export function parseSecretJson(bytes: Uint8Array, what: string): unknown {
  try {
    return parseJson(bytes, what, SECRETS_LIMIT);
  } catch (error) {
    if (!(error instanceof ImageError) || error.cause === undefined) throw error;
    const place = /\(line \d+ column \d+\)/.exec(error.message)?.[0] ?? '';
    throw new ImageError(error.code, `${what} is not JSON ${place}`.trimEnd(), {
      hint: 'what stands there is not shown, since it may be a secret',
    });
  }
}
