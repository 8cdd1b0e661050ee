/** The image below a packed one. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import type { History, RunConfig } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import type { Tree } from '../model/tree.ts';
import { type Access, openImage, openRoot } from '../sources.ts';
import type { KeptLayer } from '../transforms/save/image.ts';

export interface Base extends AsyncDisposable {
  readonly tree: Tree;
  readonly config: RunConfig;
  /** Of its manifest; a root filesystem has none. */
  readonly digest: Digest | undefined;
  /** Its layers as they are stored; undefined where it is a root filesystem, which becomes one layer with what is added. */
  readonly layers: readonly KeptLayer[] | undefined;
  /** One entry for each layer at least. */
  readonly history: readonly History[];
}

/** Undefined for `scratch`, and where nothing is named. */
export async function openBase(reference: string | undefined, access: Access): Promise<Base | undefined> {
  if (reference === undefined || reference === 'scratch') return undefined;
  const parsed = parseReference(reference);
  if (parsed.kind === 'host') {
    throw new ImageError('USAGE', 'host: cannot be a base: it is no image', {
      hint: 'name an image, rootfs:DIR or tar:FILE',
    });
  }
  return isRootReference(parsed) ? openPlain(reference, access) : openLayered(reference, access);
}

async function openPlain(reference: string, access: Access): Promise<Base> {
  const root = await openRoot(reference, access);
  return {
    tree: await root.tree(),
    config: {},
    digest: undefined,
    layers: undefined,
    history: [],
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

async function openLayered(reference: string, access: Access): Promise<Base> {
  const { image, descriptor, source, ...opened } = await openImage(reference, access);
  const layers = image.layers.map((layer): KeptLayer => {
    if (layer.descriptor === undefined) throw new Error(`bug: a layer of ${reference} is not stored`);
    return { kind: 'kept', descriptor: layer.descriptor, diffId: layer.diffId, from: source };
  });
  const told = image.config.history ?? [];
  const complete = told.filter(({ empty_layer: empty }) => empty !== true).length === layers.length;
  return {
    tree: image.tree,
    config: image.config.config ?? {},
    digest: descriptor.digest,
    layers,
    history: complete ? told : layers.map(() => ({})),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}
