/** What the history of a squashed image says. @module */
import { countOf } from '../../base/count.ts';
import type { History } from '../../formats/oci/types.ts';
import { makesLayer } from '../../model/stack.ts';

/**
 * The entries of the layers that became one are one entry that names them; those without a layer (settings) stay where they
 * were, and so does all that belongs to the layers below.
 * @param kept how many of the lowest layers stay
 * @param time RFC 3339; default that of the last entry squashed
 */
export function squashedHistory(told: readonly History[], kept: number, time: string | undefined): readonly History[] {
  const squashed = told.filter(makesLayer).slice(kept);
  const gone = new Set(squashed.slice(1));
  return told
    .filter((entry) => !gone.has(entry))
    .map((entry) => (entry === squashed[0] ? joined(squashed, time) : entry));
}

function joined(entries: readonly History[], time: string | undefined): History {
  const created = time ?? entries.at(-1)?.created;
  const steps = entries.map((entry) => entry.created_by?.trim() || entry.comment?.trim() || 'unknown');
  return {
    ...(created === undefined ? {} : { created }),
    created_by: `pare squash # ${steps.join(' # ')}`,
    comment: `${countOf(entries.length, 'layer')} as one`,
  };
}
