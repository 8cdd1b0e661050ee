/** Another config over the same layers, from a reference to references. @module */

import { timestamp } from '../base/time.ts';
import type { Access } from '../sources.ts';
import type { Edits } from '../transforms/mutate/edits.ts';
import { mutate } from '../transforms/mutate/mutate.ts';
import { type Deriving, openDeriving } from './derive.ts';

/** No layer is looked at. @param time seconds since the epoch, for `created`; default as it was. @throws ImageError */
export function openMutation(
  reference: string,
  edits: Edits,
  time: number | undefined,
  access: Access,
): Promise<Deriving> {
  const all = edits.created === undefined && time !== undefined ? { ...edits, created: timestamp(time) } : edits;
  return openDeriving(reference, (stored) => mutate(stored, all), { keepsFiles: true, unread: true }, access);
}
