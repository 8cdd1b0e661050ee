/** The evidence that travels with an image, as it is stored: whoever only hands it on needs nothing of what reads it. @module */
import { collect } from '../base/stream.ts';
import { PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import { parseManifest } from '../formats/oci/parse.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import { EVIDENCE_LIMIT } from '../model/evidence.ts';
import type { Source } from '../ports/content-store.ts';
import type { Run } from '../ports/run.ts';
import { readDocument } from '../ports/verified.ts';

/** Undefined where none of the image's referrers is evidence. */
export async function attachedBytes(
  source: Source,
  descriptor: Descriptor,
  run?: Run,
): Promise<Uint8Array | undefined> {
  for (const referrer of await source.referrers(descriptor.digest, run)) {
    if (referrer.artifactType !== PARE_EVIDENCE) continue;
    const manifest = parseManifest(await readDocument(source, referrer, run), referrer);
    const layer = manifest.layers.find(({ mediaType }) => mediaType === PARE_EVIDENCE);
    if (layer !== undefined) return collect(source.fetch(layer, run), EVIDENCE_LIMIT, 'the evidence');
  }
  return undefined;
}
