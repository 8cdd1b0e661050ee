/** How an image came to be: the steps of its config's history, each with the layer it made. @module */
import type { Image, Layer } from '../../model/image.ts';

export interface Step {
  readonly created?: string;
  readonly createdBy: string;
  readonly comment: string;
  /** Undefined for a step that changed the config only. */
  readonly layer: Layer | undefined;
}

/**
 * First step first. An image whose history does not account for its layers, as some tools write them, has the layers that
 * are left over as steps of their own.
 */
export function historyOf({ config, layers }: Image): readonly Step[] {
  const left = [...layers];
  const steps: Step[] = (config.history ?? []).map(({ created, created_by, comment, empty_layer }) => ({
    ...(created === undefined ? {} : { created }),
    createdBy: created_by ?? '',
    comment: comment ?? '',
    layer: empty_layer === true ? undefined : left.shift(),
  }));
  return [...steps, ...left.map((layer) => ({ createdBy: '', comment: '', layer }))];
}
