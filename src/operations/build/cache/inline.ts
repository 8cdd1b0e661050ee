/** `--cache-to type=inline`: an image that says which steps made its layers. @module */
import type { BuiltImage } from '../../../builders/dockerfile/image.ts';
import type { State } from '../../../builders/dockerfile/state.ts';
import { INLINE_CACHE, inlineCache } from '../../../formats/oci/build-cache.ts';
import type { BuildOptions } from '../options.ts';
import { type Sendable, stepsOf } from './send.ts';

/** The image as it is, where that is not asked for. */
export function withMemory(
  image: BuiltImage,
  { keys, layers }: Pick<State, 'keys' | 'layers'>,
  { memory, warn }: Pick<Sendable, 'memory' | 'warn'>,
  { cacheTo = [], squash }: Pick<BuildOptions, 'cacheTo' | 'squash'>,
): BuiltImage {
  if (!cacheTo.some(({ place }) => place === undefined)) return image;
  if (squash) {
    warn('--cache-to type=inline says nothing of layers that --squash makes one');
    return image;
  }
  const diffIds = layers.map(({ key }) => key);
  const said = inlineCache(stepsOf(memory, keys), [...memory.known.values()], diffIds);
  return { ...image, unknown: { ...image.unknown, [INLINE_CACHE]: said } };
}
