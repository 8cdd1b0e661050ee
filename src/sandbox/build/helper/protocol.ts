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
  | ({ readonly op: 'shell'; readonly of: number } & ShellRequest)
  | { readonly op: 'release'; readonly of: number }
  | { readonly op: 'signal'; readonly of: number; readonly name: 'SIGWINCH' }
  | { readonly op: 'kill'; readonly of: number }
  | { readonly op: 'look'; readonly mount: MountRequest; readonly name: string }
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
  readonly program: ProgramRequest;
  /** base64 */
  readonly stdin: string;
  /** Whether the mounts of a program that failed stay for a `shell`, until `release`. */
  readonly holds: boolean;
}

/** A program that the runtime starts. */
export interface ProgramRequest {
  readonly command: readonly string[];
  /** Ends it, whatever it does; without one the first process of its namespace is ended. */
  readonly killCommand: readonly string[] | undefined;
  /** Where the runtime says what went wrong. */
  readonly log: string;
  /** Its name, for messages. */
  readonly runtime: string;
}

/** A second program in what a step has left, at the terminal of pare (descriptor {@link TERMINAL} of the helper). */
export interface ShellRequest {
  readonly files: readonly HelperFile[];
  readonly program: ProgramRequest;
}

export const TERMINAL = 3;

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

/** Of a file in what was mounted for a moment: its bytes as latin1, and the names of its attributes. */
export interface Seen {
  readonly text: string;
  readonly xattrs: readonly string[];
}

export interface Ended {
  readonly status: number;
  /** The runtime could not start the program, which is no fault of the program. */
  readonly refused?: { readonly message: string; readonly hint: string | undefined };
  /** How many processes of the machine the kernel ended meanwhile, since there was no memory. */
  readonly outOfMemory: number;
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
