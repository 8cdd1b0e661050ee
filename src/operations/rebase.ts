/** Other bases below the same layers, from references to references. @module */
import { timestamp } from '../base/time.ts';
import { readLayer } from '../model/layer/read.ts';
import { platformIn, type StoredImage } from '../ports/new-image.ts';
import { type Access, openImage } from '../sources.ts';
import { rebase } from '../transforms/rebase/rebase.ts';
import { type Deriving, openDeriving, storedLayers } from './derive.ts';
import { configOf } from './squash.ts';

export interface RebaseOptions {
  /** The image that it was made on. */
  readonly oldBase: string;
  readonly newBase: string;
  /** Seconds since the epoch. */
  readonly time?: number | undefined;
}

/** Upper layers stay byte for byte. Of an index, every image goes onto the bases of its platform. @throws ImageError */
export async function openRebasing(reference: string, options: RebaseOptions, access: Access): Promise<Deriving> {
  await using stack = new AsyncDisposableStack();
  const { oldBase, newBase } = options;
  const time = options.time === undefined ? undefined : timestamp(options.time);
  const edit = async (upper: StoredImage) => {
    const { config, layers } = upper.image;
    const platform = platformIn(config);
    const old = await configOf(oldBase, platform, access);
    const base = stack.use(await openImage(newBase, { ...access, platform }));
    const above = layers.slice(old.rootfs.diff_ids.length);
    const entries = await Promise.all(above.map(({ blob, size }) => Array.fromAsync(readLayer(blob, size))));
    const { image, warnings } = rebase({
      upper,
      old: { reference: oldBase, config: old },
      base: { image: base.image, layers: storedLayers(base.image, base.source) },
      entries,
      time,
    });
    for (const text of warnings) access.run?.report?.({ type: 'warning', text });
    return image;
  };
  const deriving = await openDeriving(reference, edit, {}, access);
  const open = stack.move();
  open.use(deriving);
  return { ...deriving, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
