/** Merging from references to a reference. @module */
import { ImageError } from '../base/errors.ts';
import { canonicalJson } from '../base/json.ts';
import type { History, Platform } from '../formats/oci/types.ts';
import { isRootReference, parseReference } from '../formats/reference/parse.ts';
import { diff } from '../model/diff.ts';
import { sameTree } from '../model/difference.ts';
import type { Image } from '../model/image.ts';
import { newestTime } from '../model/newest-time.ts';
import { formatPlatform, samePlatform } from '../model/platform.ts';
import type { Tree } from '../model/tree.ts';
import { openSink, saveRoot } from '../sinks.ts';
import { type Access, type OpenImage, openImage, openRoot } from '../sources.ts';
import type { ConfigWishes } from '../transforms/merge/config.ts';
import { type Merged, merge } from '../transforms/merge/merge.ts';
import { parsePreferences } from '../transforms/merge/prefer.ts';
import { sharedPrefix } from '../transforms/merge/prefix.ts';
import type { Conflict } from '../transforms/merge/types.ts';
import type { KeptLayer, NewImage, NewLayer } from '../transforms/save/image.ts';
import { saveImage } from '../transforms/save/save.ts';
import { copy } from './copy.ts';
import type { Written } from './pack.ts';
import { timestamp } from './time.ts';

export interface MergeOptions extends ConfigWishes {
  /** Images or root filesystems, at least one. */
  readonly references: readonly string[];
  /** `first`, `last`, `GLOB=N` with N from 1. */
  readonly prefer?: readonly string[];
  /** Seconds since the epoch (SOURCE_DATE_EPOCH); default the newest time in the images. */
  readonly time?: number;
}

export interface Merging extends AsyncDisposable {
  readonly tree: Tree;
  readonly platform: Platform;
  /** By place. Where there is one, nothing can be saved. */
  readonly conflicts: readonly Conflict[];
  /**
   * @param names for an archive whose reference names no image
   * @throws ImageError CONFLICT where the images contradict each other
   */
  save(reference: string, names?: readonly string[]): Promise<Written>;
}

interface Input {
  readonly reference: string;
  readonly tree: Tree;
  readonly platform: Platform;
  readonly opened: OpenImage | undefined;
}

/** Works out what the images are together; nothing is written before {@link Merging.save}. @throws ImageError */
export async function openMerging(options: MergeOptions, access: Access): Promise<Merging> {
  const { references, prefer = [], time, ...wishes } = options;
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
    save: async (reference, names = []) => {
      if (merged.conflicts.length > 0) throw contradiction(merged.conflicts.length);
      const parsed = parseReference(reference);
      if (isRootReference(parsed)) return { reference, ...(await saveRoot(merged.tree, parsed, access)) };
      const same = inputs.find((input) => isSame(input, merged));
      if (same !== undefined) return await copied(same, reference, platform, access);
      await using sink = await openSink(parsed, access, { names });
      const { descriptor, manifest } = await saveImage(
        newImage(inputs, merged, platform, created),
        sink,
        {},
        access.run,
      );
      return {
        reference,
        digest: descriptor.digest,
        compressed: manifest.layers.reduce((sum, one) => sum + one.size, 0),
      };
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
function isSame({ opened, tree }: Input, merged: Merged): boolean {
  if (opened === undefined || !sameTree(tree, merged.tree)) return false;
  const config = opened.image.config.config ?? {};
  return Buffer.compare(canonicalJson(config), canonicalJson(merged.config)) === 0;
}

async function copied({ reference, opened }: Input, to: string, platform: Platform, access: Access): Promise<Written> {
  const isOfIndex = opened?.index !== undefined;
  const made = await copy({ from: reference, to }, isOfIndex ? { ...access, platform } : access);
  if (made.kind === 'root') return { reference: to };
  const layers = opened?.image.source?.manifest.layers ?? [];
  return { reference: to, digest: made.descriptor.digest, compressed: layers.reduce((sum, one) => sum + one.size, 0) };
}

/** Layers that all images begin with stay as they are; what comes on top of them is one layer. */
function newImage(inputs: readonly Input[], merged: Merged, platform: Platform, time: number): NewImage {
  const created = timestamp(time);
  const { layers, tree: below } = sharedPrefix(inputs.map(({ opened }) => opened?.image));
  const own = ownLayer(below, merged.tree, layers.length === 0);
  const entry: History = { created, created_by: 'pare merge', ...(own.length === 0 ? { empty_layer: true } : {}) };
  return {
    platform,
    config: merged.config,
    created,
    layers: [...layers.map((layer) => kept(layer, inputs[0] as Input)), ...own],
    history: [...historyOf(inputs[0]?.opened?.image, layers.length), entry],
  };
}

function ownLayer(below: Tree, tree: Tree, isOnly: boolean): readonly NewLayer[] {
  if (isOnly) return [{ kind: 'made', content: tree }];
  return sameTree(below, tree) ? [] : [{ kind: 'made', content: diff(below, tree), below }];
}

function kept({ descriptor, diffId }: Image['layers'][number], { opened, reference }: Input): KeptLayer {
  if (descriptor === undefined || opened === undefined) throw new Error(`bug: a layer of ${reference} is not stored`);
  return { kind: 'kept', descriptor, diffId, from: opened.source };
}

/** As far as it speaks of the layers that stay; where it does not fit them, it says nothing. */
function historyOf(image: Image | undefined, count: number): readonly History[] {
  const history = image?.config.history ?? [];
  const layers = history.filter(({ empty_layer: empty }) => empty !== true);
  if (layers.length !== image?.layers.length) return Array.from({ length: count }, () => ({}));
  const last = layers[count - 1];
  return last === undefined ? [] : history.slice(0, history.indexOf(last) + 1);
}
