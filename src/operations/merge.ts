/** Merging from references to a reference. @module */
import { ImageError } from '../base/errors.ts';
import { canonicalJson } from '../base/json.ts';
import { timestamp } from '../base/time.ts';
import type { LayerForm } from '../formats/layer/form.ts';
import type { History, Manifest, Platform } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import { diff } from '../model/diff.ts';
import { sameTree } from '../model/difference.ts';
import type { Image } from '../model/image.ts';
import { newestTime } from '../model/newest-time.ts';
import { formatPlatform, samePlatform } from '../model/platform.ts';
import { historyFor, makesLayer, treeOfLowest } from '../model/stack.ts';
import { EMPTY_TREE, type Tree } from '../model/tree.ts';
import type { NewImage, NewLayer } from '../ports/new-image.ts';
import { openSink, type SinkOptions, saveRoot } from '../sinks.ts';
import { type Access, type OpenImage, openImage, openRoot } from '../sources.ts';
import { copyImage } from '../transforms/copy/copy.ts';
import type { ConfigWishes } from '../transforms/merge/config.ts';
import { type Merged, merge } from '../transforms/merge/merge.ts';
import { parsePreferences } from '../transforms/merge/prefer.ts';
import { sharedLayers } from '../transforms/merge/prefix.ts';
import type { Conflict } from '../transforms/merge/types.ts';
import { saveImage } from '../transforms/save/save.ts';
import { storedLayers } from './derive.ts';
import type { Written } from './pack.ts';

export interface MergeOptions extends ConfigWishes {
  /** Images or root filesystems, at least one. */
  readonly references: readonly string[];
  /** `first`, `last`, `GLOB=N` with N from 1. */
  readonly prefer?: readonly string[];
  /** Of the layer that is made; default gzip. */
  readonly compression?: LayerForm;
  /** Seconds since the epoch (SOURCE_DATE_EPOCH); default the newest time in the images. */
  readonly time?: number;
}

export interface Merging extends AsyncDisposable {
  readonly tree: Tree;
  readonly platform: Platform;
  /** By place. Where there is one, nothing can be saved. */
  readonly conflicts: readonly Conflict[];
  /** @throws ImageError CONFLICT where the images contradict each other */
  save(reference: string, naming?: SinkOptions): Promise<Written>;
}

interface Input {
  readonly reference: string;
  readonly tree: Tree;
  readonly platform: Platform;
  readonly opened: OpenImage | undefined;
}

/** Works out what the images are together; nothing is written before {@link Merging.save}. @throws ImageError */
export async function openMerging(options: MergeOptions, access: Access): Promise<Merging> {
  const { references, prefer = [], time, compression, ...wishes } = options;
  const choose = parsePreferences(prefer, references.length);
  checkImage(wishes.configFrom, references.length);
  await using stack = new AsyncDisposableStack();
  const inputs: Input[] = [];
  for (const reference of references) inputs.push(await openInput(reference, access, stack));
  const platform = onePlatform(inputs);
  const merged = await merge(
    {
      inputs: inputs.map(({ reference, tree, opened }) => ({ reference, tree, config: opened?.image.config.config })),
      platform,
      choose,
      ...wishes,
    },
    access.run,
  );
  const created = time ?? Math.max(...inputs.map(({ tree }) => newestTime(tree)));
  const open = stack.move();
  return {
    tree: merged.tree,
    platform,
    conflicts: merged.conflicts,
    save: async (reference, naming) => {
      if (merged.conflicts.length > 0) throw contradiction(merged.conflicts.length);
      const parsed = parseReference(reference);
      if (isRootReference(parsed)) return { reference, ...(await saveRoot(merged.tree, parsed, access)) };
      await using sink = await openSink(parsed, access, naming);
      const same = inputs.map(({ opened }) => opened).find((opened) => opened !== undefined && isSame(opened, merged));
      if (same !== undefined) {
        const { digest } = await copyImage(same.source, sink, { root: same.descriptor }, access.run);
        return { reference, digest, compressed: layersSize(same.image.source?.manifest) };
      }
      const made = newImage(inputs, merged, platform, created);
      const { descriptor, manifest } = await saveImage(
        made,
        sink,
        compression === undefined ? {} : { compression },
        access.run,
      );
      return { reference, digest: descriptor.digest, compressed: layersSize(manifest) };
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function checkImage(configFrom: number | undefined, count: number): void {
  if (configFrom === undefined || (configFrom >= 0 && configFrom < count)) return;
  throw new ImageError('USAGE', `--config-from ${configFrom + 1}: there is no such image`, {
    hint: `the images are counted from 1 to ${count}`,
  });
}

async function openInput(reference: string, access: Access, stack: AsyncDisposableStack): Promise<Input> {
  if (isRootReference(parseReference(reference))) {
    const root = stack.use(await openRoot(reference, access));
    return { reference, tree: await root.tree(), platform: root.platform, opened: undefined };
  }
  const opened = stack.use(await openImage(reference, access));
  return { reference, tree: opened.image.tree, platform: opened.image.config, opened };
}

/** What has no files says nothing of a platform. */
function onePlatform(inputs: readonly Input[]): Platform {
  const [first, ...others] = inputs.filter(({ tree, opened }) => opened !== undefined || tree.root.names.length > 0);
  if (first === undefined) return platformOf(inputs[0] as Input);
  for (const other of others) {
    if (samePlatform(first.platform, other.platform)) continue;
    const each = [first, other].map((one) => `${one.reference} is for ${formatPlatform(one.platform)}`);
    throw new ImageError('CONFLICT', `images of different platforms cannot be merged: ${each.join(', ')}`, {
      hint: 'choose one of several with --platform',
    });
  }
  return platformOf(first);
}

function platformOf({ platform }: Input): Platform {
  const { os, architecture, variant } = platform;
  const more = { 'os.version': platform['os.version'], 'os.features': platform['os.features'] };
  const given = Object.entries({ ...more, variant }).filter(([, value]) => value !== undefined);
  return { os, architecture, ...Object.fromEntries(given) };
}

function contradiction(count: number): ImageError {
  return new ImageError('CONFLICT', `the images contradict each other in ${count} places`, {
    hint: 'say which of them counts, with --prefer first, --prefer last or --prefer GLOB=N',
  });
}

/** Merging an image with nothing that it does not have itself: it stays as it is, byte for byte. */
function isSame({ image }: OpenImage, merged: Merged): boolean {
  if (!sameTree(image.tree, merged.tree)) return false;
  return Buffer.compare(canonicalJson(image.config.config ?? {}), canonicalJson(merged.config)) === 0;
}

function layersSize(manifest: Manifest | undefined): number {
  return manifest?.layers.reduce((sum, { size }) => sum + size, 0) ?? 0;
}

/** Layers that all images begin with stay as they are; what comes on top of them is one layer. */
function newImage(inputs: readonly Input[], merged: Merged, platform: Platform, time: number): NewImage {
  const created = timestamp(time);
  const first = inputs[0]?.opened;
  const count = sharedLayers(inputs.map(({ opened }) => opened?.image));
  const below = first === undefined ? EMPTY_TREE : treeOfLowest(first.image, count);
  const own = ownLayer(below, merged.tree, count === 0);
  const entry: History = { created, created_by: 'pare merge', ...(own.length === 0 ? { empty_layer: true } : {}) };
  return {
    platform,
    config: merged.config,
    created,
    layers: [...(first === undefined ? [] : storedLayers(first.image, first.source).slice(0, count)), ...own],
    history: [...(first === undefined ? [] : historyOfLowest(first.image, count)), entry],
  };
}

function ownLayer(below: Tree, tree: Tree, isOnly: boolean): readonly NewLayer[] {
  if (isOnly) return [{ kind: 'made', content: tree }];
  return sameTree(below, tree) ? [] : [{ kind: 'made', content: diff(below, tree), below }];
}

/** What the history says of the lowest layers. */
function historyOfLowest(image: Image, count: number): readonly History[] {
  const history = historyFor(image);
  const last = history.filter(makesLayer)[count - 1];
  return last === undefined ? [] : history.slice(0, history.indexOf(last) + 1);
}
