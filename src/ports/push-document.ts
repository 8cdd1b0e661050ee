/** Sending one small document to a sink. @module */
import { digestOf } from '../base/digest.ts';
import { pieces } from '../base/stream.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Sink } from './content-store.ts';
import type { Run } from './run.ts';

/** Sends the bytes, unless the sink has them. */
export async function pushDocument(
  sink: Sink,
  mediaType: string,
  bytes: Uint8Array,
  run: Run = {},
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
  if (!(await sink.has(descriptor, run))) await sink.push(descriptor, pieces(bytes), run);
  return descriptor;
}
