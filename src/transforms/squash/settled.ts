/** Whether there is anything to squash. @module */
import { cleanPath } from '../../base/path.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import type { Image, Layer } from '../../model/image.ts';
import { readLayer } from '../../model/layer/read.ts';

/**
 * Whether the layers above the kept ones are one as it should be, or none: then the image stays byte for byte. One is not, if it
 * removes something and has nothing below, or if it cannot be unpacked by itself, since it links to files of the layers below.
 */
export async function isSettled({ layers }: Image, kept: number): Promise<boolean> {
  const [only, ...others] = layers.slice(kept);
  if (only === undefined) return true;
  return others.length === 0 && (kept === 0 ? !removesAnything(only.changes) : await standsAlone(only));
}

function removesAnything(changes: Changeset): boolean {
  for (const { change } of walkChanges(changes)) {
    if (change.kind === 'whiteout' || (change.kind === 'dir-change' && change.opaque)) return true;
  }
  return false;
}

async function standsAlone({ blob, size }: Layer): Promise<boolean> {
  const made = new Set<string>();
  for await (const entry of readLayer(blob, size)) {
    if (entry.kind === 'hardlink' && !made.has(cleanPath(`/${entry.target}`))) return false;
    if (entry.kind === 'node' || entry.kind === 'hardlink') made.add(entry.path);
  }
  return true;
}
