/** Telling how bytes flow. @module */
import type { Run } from './run.ts';
import { handedOn } from './verified.ts';

/** Fewer bytes than this are there before anybody has looked. */
const WORTH_TELLING = 1_000_000;

/** The same bytes, reported on the way where they are many; ends with the signal's reason where the run is aborted. */
export function reported(
  bytes: AsyncIterable<Uint8Array>,
  label: string,
  run: Run,
  total?: number,
): AsyncIterable<Uint8Array> {
  return handedOn(bytes, telling(bytes, label, run, total));
}

async function* telling(
  bytes: AsyncIterable<Uint8Array>,
  label: string,
  run: Run,
  total: number | undefined,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of bytes) {
    run.signal?.throwIfAborted();
    yield piece;
    done += piece.length;
    if ((total ?? done) >= WORTH_TELLING)
      run.report?.({ type: 'bytes', label, done, ...(total === undefined ? {} : { total }) });
  }
}
