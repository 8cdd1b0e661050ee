/**
 * The one error class a user can meet, and its codes. Bugs are plain `Error`s; whatever a file, a registry or a command
 * line can cause is an {@link ImageError}. Exit statuses live in `cli/`.
 * @module
 */

/**
 * What kind of thing went wrong. One row for each way a caller might want to react, not one for each message.
 *
 * - `USAGE`: the request itself makes no sense (wrong option, malformed reference).
 * - `NOT_FOUND`: the named file, image, tag or program is not there.
 * - `INVALID`: input that breaks its own format (archive, ELF, manifest, JSON).
 * - `DIGEST_MISMATCH`: bytes that are not what their descriptor promises (digest or size).
 * - `LIMIT`: input refused because it exceeds a bound (bombs, absurd sizes).
 * - `UNSUPPORTED`: well-formed, and more than pare knows how to do.
 * - `CONFLICT`: two inputs that cannot both hold, or a target that already exists.
 * - `DENIED`: the operating system or a registry refused access.
 * - `UNAVAILABLE`: a program, service or kernel feature that is needed is missing here.
 * - `IO`: the operating system failed (disk full, connection lost).
 * - `FINDINGS`: the answer is "no": a check found errors.
 */
export type ErrorCode =
  | 'USAGE'
  | 'NOT_FOUND'
  | 'INVALID'
  | 'DIGEST_MISMATCH'
  | 'LIMIT'
  | 'UNSUPPORTED'
  | 'CONFLICT'
  | 'DENIED'
  | 'UNAVAILABLE'
  | 'IO'
  | 'FINDINGS';

export interface ErrorDetails {
  /** What the user can do next: a full sentence or a command line. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** An error a user can cause and can read: says what, where and why; `hint` says what to do. */
export class ImageError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ImageError';
    this.code = code;
    this.hint = details.hint;
  }
}

const SYSTEM_CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  ENOTDIR: 'NOT_FOUND',
  EACCES: 'DENIED',
  EPERM: 'DENIED',
  EROFS: 'DENIED',
  EEXIST: 'CONFLICT',
};

/**
 * Turns what the operating system threw into an {@link ImageError}; passes an ImageError through and rethrows anything
 * that is not a system error, since that is a bug.
 * @param doing what was attempted, as "cannot read /etc/passwd"
 */
export function fromSystem(error: unknown, doing: string, hint?: string): ImageError {
  if (error instanceof ImageError) return error;
  const code = systemCode(error);
  if (code === undefined) throw error;
  const reason = (error as Error).message.replace(/^[A-Z0-9]+: /, '').replace(/, \w+( .*)?$/, '');
  const advice = hint ?? (FULL.has(code) ? ROOM : code === 'EACCES' ? PERMISSION : undefined);
  return new ImageError(SYSTEM_CODES[code] ?? 'IO', `${doing}: ${reason} (${code})`, {
    cause: error,
    ...(advice === undefined ? {} : { hint: advice }),
  });
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const ROOM = 'free some space there; TMPDIR names another place for temporary files, PARE_HOME one for the store';
const PERMISSION = 'run pare as a user who may do that';

/** The errno name (`ENOENT`) of a Node.js system error, or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** The same error with the place it happened at in front, unless it says so already; what is no {@link ImageError} stays as it is. */
export function placed(error: unknown, where: string): unknown {
  if (!(error instanceof ImageError) || error.message.includes(where)) return error;
  const { code, message, hint, cause } = error;
  return new ImageError(code, `${where}: ${message}`, { ...(hint === undefined ? {} : { hint }), cause });
}
