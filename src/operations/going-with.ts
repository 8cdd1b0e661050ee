/** What goes with an image that becomes another one, and what stays behind. @module */
import { countOf } from '../base/count.ts';
import { PARE_EVIDENCE } from '../formats/oci/media-types.ts';
import type { Descriptor } from '../formats/oci/types.ts';
import type { Source } from '../ports/content-store.ts';
import type { Run } from '../ports/run.ts';
import type { Attachment } from '../transforms/save/image.ts';
import { attachedBytes } from './attached-evidence.ts';

export interface GoingWith {
  readonly attachments: readonly Attachment[];
  /** How many documents speak of the old image alone. */
  readonly left: number;
}

/**
 * The reasons for files that are still there. What else speaks of the old image does not speak of the new one.
 * @param keepsFiles whether the files stay the same
 */
export async function goingWith(
  source: Source,
  descriptor: Descriptor,
  keepsFiles: boolean,
  run?: Run,
): Promise<GoingWith> {
  const referrers = await source.referrers(descriptor.digest, run);
  const bytes = keepsFiles && referrers.length > 0 ? await attachedBytes(source, descriptor, run) : undefined;
  if (bytes === undefined) return { attachments: [], left: referrers.length };
  return { attachments: [{ artifactType: PARE_EVIDENCE, bytes }], left: referrers.length - 1 };
}

export function warnOfLeft({ reference }: Source, left: number, run?: Run): void {
  if (left === 0) return;
  const text = `${reference} becomes another image, and what refers to it stays behind: ${countOf(left, 'document')} (evidence, attestations, signatures …)`;
  run?.report?.({ type: 'warning', text });
}
