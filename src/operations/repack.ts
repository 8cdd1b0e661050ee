/** Packing again what an image says it was packed of, and comparing. @module */
import type { Digest } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { parseLayerForm } from '../formats/layer/form.ts';
import { type Difference, differencesInBytes } from '../model/difference.ts';
import type { PackRecipe } from '../model/evidence.ts';
import { digestSink } from '../ports/digest-sink.ts';
import { type Access, openImage } from '../sources.ts';
import { attached } from './evidence.ts';
import { openPacking } from './pack.ts';
import type { PackOptions } from './recipe.ts';

export interface Repacking {
  /** Of the image as it is, and as it was made again. */
  readonly expected: Digest;
  readonly actual: Digest;
  /** Whether layers and config agree, however they are compressed. */
  readonly sameContent: boolean;
  /** What differs in the trees, in the order of paths; empty where only the config does. */
  readonly differences: readonly Difference[];
}

/**
 * @param from where the programs come from
 * @throws ImageError UNSUPPORTED where no evidence says how the image was packed
 */
export async function packAgain(reference: string, from: string, access: Access): Promise<Repacking> {
  await using opened = await openImage(reference, access);
  const evidence = await attached(opened, access);
  if (evidence === undefined) {
    throw new ImageError('UNSUPPORTED', `no evidence travels with ${reference}: it does not say how it was packed`, {
      hint: 'evidence travels with images in the store and in OCI layouts; copy with pare copy',
    });
  }
  await using packing = await openPacking(optionsOf(evidence.request, from), access);
  const again = await packing.saveTo(digestSink());
  const expected = opened.descriptor.digest;
  const actual = again.descriptor.digest;
  const before = opened.image.config.rootfs.diff_ids;
  const after = again.config.rootfs.diff_ids;
  const sameLayers = before.length === after.length && before.every((id, i) => id === after[i]);
  const differences = sameLayers
    ? []
    : await Array.fromAsync(differencesInBytes(opened.image.tree, packing.packed.tree));
  const sameConfig = opened.image.source?.manifest.config.digest === again.manifest.config.digest;
  return { expected, actual, sameContent: sameLayers && sameConfig, differences };
}

/** The base is looked for by its digest, in the store. */
function optionsOf({ base, compression, ...recipe }: PackRecipe, from: string): PackOptions {
  return {
    ...recipe,
    from,
    ...(base === undefined ? {} : { base }),
    // From outside: evidence is only known to have a text here.
    ...(compression === undefined ? {} : { compression: parseLayerForm(compression) }),
  };
}
