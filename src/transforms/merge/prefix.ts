/** The layers that several images have in common. @module */
import type { Image } from '../../model/image.ts';

/** How many layers, lowest first, all of them begin with. @param images undefined for a root filesystem, which has no layers */
export function sharedLayers(images: readonly (Image | undefined)[]): number {
  const [first, ...others] = images.map((image) => image?.layers ?? []);
  const differs = first?.findIndex(({ diffId }, i) => others.some((layers) => layers[i]?.diffId !== diffId)) ?? 0;
  return differs < 0 ? (first?.length ?? 0) : differs;
}
