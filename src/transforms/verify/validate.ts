/** Whether an image as a value is what it says it is: everything recomputed. The oracle of round-trip tests. @module */
import { isDeepStrictEqual } from 'node:util';
import { algorithmOf, Digester, digestOf } from '../../base/digest.ts';
import { parseConfig } from '../../formats/oci/config.ts';
import { parseManifest } from '../../formats/oci/parse.ts';
import { applyLayer } from '../../model/anchor.ts';
import { sameTree } from '../../model/difference.ts';
import type { Image, Layer, StoredManifest } from '../../model/image.ts';
import { readLayer } from '../../model/layer/read.ts';
import { sameChangeset } from '../../model/same-changeset.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import { changesetFaults, type Fault, treeFaults } from '../../model/validate.ts';
import type { Source } from '../../ports/content-store.ts';
import type { Run } from '../../ports/run.ts';
import { verifier } from './verify.ts';

export interface ValidateOptions {
  /** Where the image is stored: then its blobs as stored are verified too. */
  readonly source?: Source;
}

/**
 * All that is wrong with an image: raw documents against what was read from them, DiffIDs against the bytes of layers,
 * changesets against the entries in those bytes, the tree against the layers applied, and what must hold of every tree.
 * Whatever cannot be read is among the faults; only an aborted signal throws.
 */
export async function validateImage(image: Image, options: ValidateOptions = {}, run: Run = {}): Promise<Fault[]> {
  const faults: Fault[] = [];
  await attempt(faults, 'documents', run, () => {
    for (const found of documentFaults(image)) faults.push(found);
  });
  let tree: Tree = EMPTY_TREE;
  for (const layer of image.layers) {
    run.signal?.throwIfAborted();
    faults.push(...changesetFaults(layer.changes, tree));
    await attempt(faults, layer.diffId, run, async () => {
      faults.push(...(await contentFaults(layer, run)));
      const read = await applyLayer(tree, readLayer(layer.blob, layer.size));
      tree = read.tree;
      if (sameChangeset(read.changes, layer.changes)) return;
      faults.push({ where: layer.diffId, message: 'its changes are not those of its entries' });
    });
  }
  if (!sameTree(tree, image.tree)) faults.push({ where: '/', message: 'the tree is not what the layers come to' });
  faults.push(...treeFaults(image.tree));
  if (options.source !== undefined) faults.push(...(await storedFaults(image, options.source, run)));
  return faults;
}

/** Runs a check; what it throws is a fault. */
async function attempt(faults: Fault[], where: string, run: Run, check: () => Promise<void> | void): Promise<void> {
  try {
    await check();
  } catch (error) {
    run.signal?.throwIfAborted();
    faults.push({ where, message: error instanceof Error ? error.message : String(error) });
  }
}

function* documentFaults({ source, config, layers }: Image): Generator<Fault> {
  if (source !== undefined) yield* sourceFaults(source, config);
  const wanted = config.rootfs.diff_ids;
  if (
    !isDeepStrictEqual(
      layers.map(({ diffId }) => diffId),
      [...wanted],
    )
  ) {
    yield { where: 'config', message: `its DiffIDs are not those of the ${layers.length} layers` };
  }
  const stored = source?.manifest.layers;
  if (
    stored !== undefined &&
    !isDeepStrictEqual(
      layers.map(({ descriptor }) => descriptor),
      [...stored],
    )
  ) {
    yield { where: 'manifest', message: 'its layers are not those of the image' };
  }
}

function* sourceFaults(source: StoredManifest, config: Image['config']): Generator<Fault> {
  const { descriptor, manifest, rawManifest, rawConfig } = source;
  for (const [what, raw, described] of [
    ['manifest', rawManifest, descriptor],
    ['config', rawConfig, manifest.config],
  ] as const) {
    const digest = digestOf(raw, algorithmOf(described.digest));
    if (digest !== described.digest)
      yield { where: what, message: `has the digest ${digest}, not ${described.digest}` };
    if (raw.length !== described.size) yield { where: what, message: `has ${raw.length} bytes, not ${described.size}` };
  }
  if (!isDeepStrictEqual(parseManifest(rawManifest, descriptor), manifest)) {
    yield { where: 'manifest', message: 'is not what its bytes say' };
  }
  if (!isDeepStrictEqual(parseConfig(rawConfig, 'the config'), config)) {
    yield { where: 'config', message: 'is not what its bytes say' };
  }
}

async function contentFaults({ blob, size, diffId }: Layer, run: Run): Promise<Fault[]> {
  const digester = new Digester(algorithmOf(diffId));
  for await (const piece of blob.stream(0, size)) {
    run.signal?.throwIfAborted();
    digester.update(piece);
  }
  const digest = digester.digest();
  return digest === diffId ? [] : [{ where: diffId, message: `the digest of its bytes is ${digest}` }];
}

async function storedFaults(image: Image, source: Source, run: Run): Promise<Fault[]> {
  if (image.source === undefined) return [];
  const stored = verifier(run);
  await stored.image(source, image.source.descriptor);
  return stored.result().problems.map(({ digest, message }) => ({ where: digest, message }));
}
