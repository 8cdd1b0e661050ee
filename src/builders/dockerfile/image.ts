/** What a stage came to, as an image. @module */

import { timestamp } from '../../base/time.ts';
import { compact } from '../../formats/oci/shape.ts';
import type { Platform } from '../../formats/oci/types.ts';
import type { Tree } from '../../model/tree.ts';
import type { NewImage } from '../../ports/new-image.ts';
import type { BuildSettings } from './context.ts';
import { historyOf } from './history.ts';
import type { State } from './state.ts';

/**
 * As BuildKit has it: an image is for the platform that was asked for, whatever its base is for, which may hold no programs at all, or
 * be where a cross compiler runs. Nothing asked: for what the base is for.
 */
export function platformOf({ platform }: Pick<State, 'platform'>, asked: Platform | undefined): Platform {
  if (asked === undefined) return platform;
  return platform.os === asked.os && platform.architecture === asked.architecture ? { ...platform, ...asked } : asked;
}

/** An image, and what its layers come to, for whoever asks. */
export interface BuiltImage extends NewImage {
  tree(): Promise<Tree>;
}

/**
 * @param labels from the command line: they win
 * @param platform what it is said to be for, see {@link platformOf}
 */
export function imageOf(
  state: State,
  { clock }: BuildSettings,
  platform: Platform,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): BuiltImage {
  const { config, author, before, told, layers, tree } = state;
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
