/**
 * What the user gets to see of an error, and the exit status it means.
 * @module
 */
import { inspect } from 'node:util';
import { type ErrorCode, ImageError } from '../base/errors.ts';
import { printableText } from '../base/printable.ts';
import { SandboxError } from '../ports/sandbox.ts';

/**
 * Exit statuses of every verb but `run`, which gives its program's. Where the reader of an archive went before its end: that of a
 * program that SIGPIPE has ended (128 + 13), as other writers of archives are.
 */
export const STATUS = { done: 0, no: 1, usage: 2, failed: 3, readerGone: 141 } as const;
/** Of `run`, where it was pare that failed: as docker has it, no usual status of a program. */
const RUN_FAILED = 125;

const BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = { USAGE: STATUS.usage, FINDINGS: STATUS.no };

export function statusOf(error: unknown, runsProgram: boolean): number {
  if (runsProgram) return error instanceof SandboxError ? error.status : RUN_FAILED;
  if (error instanceof ImageError) return BY_CODE[error.code] ?? STATUS.failed;
  return STATUS.failed;
}

export interface RenderOptions {
  /** Show stack traces and causes in full. */
  readonly debug: boolean;
  /** Marks the words "pare:" and "hint:"; the identity where there is no colour. */
  readonly mark: (kind: 'error' | 'hint', text: string) => string;
}

/** The lines for stderr: what, where and why; what caused it, if that says more; what to do. Nothing in them steers the terminal. */
export function renderError(error: unknown, { debug, mark }: RenderOptions): string {
  if (debug) return `${mark('error', 'pare:')} ${printableText(inspect(error))}`;
  if (!(error instanceof ImageError)) return renderBug(error, mark);
  const lines = [`${mark('error', 'pare:')} ${printableText(error.message)}`];
  const cause = causeLine(error);
  if (cause !== undefined) lines.push(`  because: ${printableText(cause)}`);
  if (error.hint !== undefined)
    lines.push(`  ${mark('hint', 'hint:')} ${printableText(error.hint).replaceAll('\n', '\n        ')}`);
  return lines.join('\n');
}

/** The cause's message where it adds something; system errors are part of the message already. */
function causeLine(error: ImageError): string | undefined {
  const { cause } = error;
  if (!(cause instanceof ImageError)) return undefined;
  return error.message.includes(cause.message) ? undefined : cause.message;
}

function renderBug(error: unknown, mark: RenderOptions['mark']): string {
  const message = error instanceof Error ? error.message : inspect(error);
  return [
    `${mark('error', 'pare:')} internal error: ${printableText(message)}`,
    `  ${mark('hint', 'hint:')} this is a mistake in pare itself; "pare --debug …" shows where it happened. Please report that.`,
  ].join('\n');
}
