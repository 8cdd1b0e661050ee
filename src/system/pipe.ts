/** A named pipe as a source of bytes: waiting for its writer, or for more, must not keep a run from ending. @module */
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { fromSystem } from '../base/errors.ts';

/**
 * All that is written into the pipe until its last writer closes it. An ordinary open would wait for a writer in a thread that
 * nothing can wake, not even the end of the process; this one returns at once, and the event loop waits for bytes.
 * @throws ImageError DENIED, NOT_FOUND, IO; from the iteration, what the signal was aborted with
 */
export function readPipe(path: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw fromSystem(error, `cannot open ${path}`);
  }
  let pipe: Socket;
  try {
    pipe = new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  if (signal !== undefined) addAbortSignal(signal, pipe);
  return pipe;
}
