/**
 * What pare and its helper say to each other: one JSON document a line, requests one way, answers the other. The helper is a pare
 * that stands in namespaces of its own, where it mounts, runs programs, and sees files of mapped users as their owner.
 * @module
 */
import { type ErrorCode, ImageError } from '../../../base/errors.ts';
import { SandboxError } from '../../../ports/sandbox.ts';
import type { MountRequest } from '../../../system/linux.ts';

export type Request = { readonly id: number } & (
  | { readonly op: 'hello' }
  | ({ readonly op: 'run' } & RunRequest)
  | { readonly op: 'kill'; readonly of: number }
  | { readonly op: 'write'; readonly tar: string; readonly directory: string }
  | { readonly op: 'read'; readonly directory: string; readonly tar: string }
);

/** Paths are relative to the directory that the helper was started in. */
export interface RunRequest {
  /** A tmpfs is mounted here for what must not come to a disk: the bundle, the runtime's state, secrets. */
  readonly scratch: string;
  /** After that of the scratch, in this order; their targets are there. */
  readonly mounts: readonly MountRequest[];
  readonly files: readonly HelperFile[];
  /** Of things that are there. */
  readonly owners: readonly HelperOwner[];
  readonly command: readonly string[];
  /** Ends it, whatever it does. */
  readonly killCommand: readonly string[];
  /** Where the runtime says what went wrong. */
  readonly log: string;
  readonly runtime: string;
  /** base64 */
  readonly stdin: string;
}

export interface HelperOwner {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface HelperFile extends HelperOwner {
  /** base64 */
  readonly content: string;
}

/** Of a user namespace: the ids that it has, as `[first, count]`. */
export interface Hello {
  readonly uids: readonly (readonly [number, number])[];
  readonly gids: readonly (readonly [number, number])[];
}

export interface Ended {
  readonly status: number;
}

export type Answer =
  | { readonly id: number; readonly lines: readonly Line[] }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: SentError };

export type Line = readonly [stream: 'stdout' | 'stderr', text: string];

interface SentError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
  /** Of a SandboxError. */
  readonly status: 126 | 127 | undefined;
}

export function sentError(error: unknown): SentError {
  if (error instanceof ImageError) {
    const status = error instanceof SandboxError ? error.status : undefined;
    return { code: error.code, message: error.message, hint: error.hint, status };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: undefined, message, hint: undefined, status: undefined };
}

export function receivedError({ code, message, hint, status }: SentError): Error {
  const details = hint === undefined ? {} : { hint };
  if (status !== undefined) return new SandboxError(status, message, details);
  return code === undefined ? new Error(message) : new ImageError(code, message, details);
}

/** Documents as they come in. */
export async function* documents(stream: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  let rest: Buffer[] = [];
  for await (const piece of stream) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      const line = Buffer.concat([...rest, piece.subarray(start, end)]);
      rest = [];
      start = end + 1;
      yield JSON.parse(line.toString());
    }
    if (start < piece.length) rest.push(piece.subarray(start));
  }
}
