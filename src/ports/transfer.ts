/** Sending one blob from a source to a sink. @module */
import { shortDigest } from '../base/digest.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Sink, Source } from './content-store.ts';
import { reported } from './progress.ts';
import type { Run } from './run.ts';

type Origins = Pick<Source, 'fetch' | 'repository'>;

/**
 * Sends the blob, unless the sink has it.
 * @param as how the sink is to know it, where its media type becomes another
 */
export async function transfer(source: Origins, sink: Sink, blob: Descriptor, run: Run, as = blob): Promise<void> {
  if (await sink.has(as, run)) return;
  const again = () => reported(source.fetch(blob, run), `copying ${shortDigest(blob.digest)}`, run, blob.size);
  const { repository } = source;
  await sink.push(as, again(), run, repository === undefined ? { again } : { again, repository });
}
