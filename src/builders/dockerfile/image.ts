/** What a stage came to, as an image. @module */

import { timestamp } from '../../base/time.ts';
import { compact } from '../../formats/oci/shape.ts';
import type { Tree } from '../../model/tree.ts';
import type { NewImage } from '../../ports/new-image.ts';
import type { BuildSettings } from './context.ts';
import { historyOf } from './history.ts';
import type { State } from './state.ts';

/** An image, and what its layers come to, for whoever asks. */
export interface BuiltImage extends NewImage {
  tree(): Promise<Tree>;
}

/** @param labels from the command line: they win */
export function imageOf(
  state: State,
  { clock }: BuildSettings,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): BuiltImage {
  const { platform, config, author, before, told, layers, tree } = state;
  const history = [...before, ...historyOf(told, before, timestamp(clock.time))];
  const created = history.findLast((entry) => entry.created !== undefined)?.created ?? timestamp(clock.time);
  const hasLabels = Object.keys(labels).length > 0;
  return {
    platform,
    config: hasLabels ? { ...config, Labels: { ...config.Labels, ...labels } } : config,
    created,
    layers: layers.map(({ stored }) => stored),
    history,
    tree,
    ...compact({ author, annotations: Object.keys(annotations).length > 0 ? annotations : undefined }),
  };
}
