/** What a check says: stable codes that scripts may rely on. @module */

export type Severity = 'error' | 'warning' | 'info';

/** Code → its severity. `docs/findings.md` explains each. */
export const FINDING_SEVERITY = {
  'missing-interpreter': 'error',
  'missing-library': 'error',
  'missing-symbol-version': 'error',
  'wrong-architecture': 'error',
  'libc-mismatch': 'error',
  'script-interpreter-missing': 'error',
  'shell-form-without-shell': 'error',
  'entrypoint-missing': 'error',
  'not-executable': 'error',
  'user-unknown': 'error',
  'command-missing': 'warning',
  'workdir-missing': 'warning',
  'nss-missing': 'warning',
  'services-missing': 'warning',
  'ca-certificates-missing': 'warning',
  'time-zone-data-missing': 'warning',
  'tmp-missing': 'warning',
  'data-missing': 'warning',
  'world-writable-file': 'warning',
  'package-manager-present': 'warning',
  'build-tools-present': 'warning',
  'setuid-file': 'info',
  'runs-as-root': 'info',
} as const satisfies Record<string, Severity>;

export type FindingCode = keyof typeof FINDING_SEVERITY;

export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** The path it is about, in the image. */
  readonly path: string;
  /** Why: one or two full sentences with the facts. */
  readonly message: string;
  /** What to do: a command, an option, or a sentence. */
  readonly fix: string;
}
