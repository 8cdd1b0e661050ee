/** Several platforms are several images. @module */
import { ImageError } from '../../base/errors.ts';
import { inFile } from '../../builders/dockerfile/failure.ts';
import { targetStage } from '../../builders/dockerfile/graph.ts';
import { findStage } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Stage } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { formatPlatform, samePlatform } from '../../model/platform.ts';
import type { BuildOptions } from './options.ts';

/**
 * An image is for what its base is for, whatever was asked for: an index would offer the same platform twice, a directory would
 * get the files of two.
 * @param images one for each of the platforms asked for, in their order
 * @throws ImageError USAGE
 */
export function assertDistinct(
  images: readonly { readonly platform: Platform }[],
  dockerfile: Dockerfile,
  { platforms, target }: Pick<BuildOptions, 'platforms' | 'target'>,
): void {
  for (const [at, { platform }] of images.entries()) {
    const earlier = images.findIndex((one) => samePlatform(one.platform, platform));
    if (earlier === at) continue;
    const asked = [earlier, at].flatMap((one) => platforms[one] ?? []).map(formatPlatform);
    const { base } = lowest(dockerfile.stages, targetStage(dockerfile, target));
    const message = `${asked.join(' and ')} both come out as ${formatPlatform(platform)}, which is what ${base.text} is for`;
    const hint = 'name a base image that is there for each platform, or build one platform';
    throw inFile(new ImageError('USAGE', message, { hint }), dockerfile, base.range);
  }
}

/** The stage at the bottom, which names no other. */
function lowest(stages: readonly Stage[], stage: Stage): Stage {
  const { text } = stage.base;
  const below = /^\d+$/.test(text) ? undefined : findStage(stages, text, stage.index);
  return below === undefined ? stage : lowest(stages, below);
}
