/** Whether a layer is stored as it is wanted already. @module */

import { TOC_DIGEST as ESTARGZ_TOC } from '../../formats/estargz/names.ts';
import { type LayerForm, partsOf } from '../../formats/layer/form.ts';
import { layerCompression } from '../../formats/oci/media-types.ts';
import type { Descriptor } from '../../formats/oci/types.ts';
import { TOC_DIGEST as ZSTD_CHUNKED_TOC } from '../../formats/zstd-chunked/names.ts';

/** What only a chunked layer has in its descriptor. */
const MARKS: Readonly<Record<string, string>> = { estargz: ESTARGZ_TOC, 'zstd:chunked': ZSTD_CHUNKED_TOC };

/**
 * A level cannot be seen in a layer: one that is asked for is a reason to compress it again. What is chunked is good for who
 * wants it plainly compressed.
 */
export function isInForm({ mediaType, annotations }: Descriptor, form: LayerForm): boolean {
  const { kind, compression, level } = partsOf(form);
  if (level !== undefined || layerCompression(mediaType) !== compression) return false;
  const mark = MARKS[kind];
  return mark === undefined || annotations?.[mark] !== undefined;
}
