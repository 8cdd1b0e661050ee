/**
 * Layers that an overlay can be mounted on, kept for the next step on them, whatever they are held as. `docs/snapshots.md` says how
 * they lie on the disk.
 * @module
 */
import {
  existsSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { present } from '../../base/assert.ts';
import { digestOf, encodedOf } from '../../base/digest.ts';
import { fromSystem, systemCode } from '../../base/errors.ts';
import { apply } from '../../model/apply.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { StepLayer, StepRoot } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import { bootId } from '../../system/boot.ts';
import { makeDirectories } from '../../system/directories.ts';
import { standing } from '../namespace.ts';
import { isDangling } from './erofs.ts';
import type { OverlayForm } from './form.ts';
import { overlayLayer } from './lower.ts';
import { holdPlace, makePlace, namesIn, type Place, placesIn, removePlace, removeRemains } from './places.ts';
import type { LowerLayer, Snapshotter } from './snapshotter.ts';

/** Layers on the disk, the lowest first; nobody removes them until this is disposed of. */
export interface HeldLayers extends Disposable {
  readonly layers: readonly LowerLayer[];
}

/** A layer with the place that it is in, which is locked. */
interface HeldLayer {
  readonly place: Place;
  readonly layer: LowerLayer;
}

const KEYS = 'keys';
/** Of a link that gets its key with the next system call, unless its maker is killed. */
const UNFINISHED = '.';
export const INFO = 'info.json';

/** So many bytes of files are kept, those of the layers that were used last. */
export const KEPT_BYTES = 10 * 1024 ** 3;

export interface SnapshotTools {
  readonly form: OverlayForm;
  /** The first that can hold a layer does. */
  readonly snapshotters: readonly Snapshotter[];
}

export class Snapshots {
  readonly directory: string;
  readonly #tools: SnapshotTools;
  readonly #boot = bootId();
  /** Layers that are being written, by key: another step on the same base waits. */
  readonly #writing = new Map<string, Promise<HeldLayer>>();

  constructor(directory: string, tools: SnapshotTools) {
    this.directory = directory;
    this.#tools = tools;
  }

  /** Writes those that are not there yet. */
  async hold(root: StepRoot, run: Run): Promise<HeldLayers> {
    using stack = new DisposableStack();
    const layers: LowerLayer[] = [];
    const below = treesBelow(root);
    let key = '';
    for (const [i, layer] of root.layers.entries()) {
      key = this.#chain(key, layer.key);
      const make = () => overlayLayer(layer.changes, below(i), this.#tools.form);
      const found = await this.#layer(key, make, run);
      stack.use(found.place);
      layers.push(found.layer);
    }
    const held = stack.move();
    return { layers, [Symbol.dispose]: () => held.dispose() };
  }

  /** A place to work in, which nobody else knows of. */
  fresh(): Place {
    return makePlace(this.directory);
  }

  /**
   * Names the layer in a place, so that it is found when it is the uppermost of a root.
   * @returns false where that layer is there already, and the place remains without a name
   */
  async keep(place: Place, below: StepRoot, key: string, size: number): Promise<boolean> {
    const under = below.layers.reduce((last, layer) => this.#chain(last, layer.key), '');
    const chain = this.#chain(under, key);
    using found = this.#find(chain)?.place;
    if (found !== undefined) return false;
    await this.#publish(place, chain, size);
    return true;
  }

  /** What a layer lies on is part of its key: attributes of directories come from there. */
  #chain(below: string, key: string): string {
    return encodedOf(digestOf([standing(), this.#boot, below, key].join('\n')));
  }

  async #layer(key: string, make: () => Tree, run: Run): Promise<HeldLayer> {
    for (;;) {
      const found = this.#find(key);
      if (found !== undefined) return found;
      const other = this.#writing.get(key);
      if (other === undefined) break;
      await other.catch(() => undefined);
    }
    const writing = this.#write(key, make, run);
    this.#writing.set(key, writing);
    try {
      return await writing;
    } finally {
      this.#writing.delete(key);
    }
  }

  #find(key: string): HeldLayer | undefined {
    const name = linkAt(join(this.directory, KEYS, key));
    const place = name === undefined ? undefined : holdPlace(this.directory, name);
    if (place === undefined) return undefined;
    const layer = this.#layerIn(place);
    if (layer === undefined) {
      place[Symbol.dispose]();
      return undefined;
    }
    const now = new Date();
    utimesSync(join(place.path, INFO), now, now);
    return { place, layer };
  }

  #layerIn({ name }: Place): LowerLayer | undefined {
    for (const snapshotter of this.#tools.snapshotters) {
      const layer = snapshotter.find(name);
      if (layer !== undefined) return layer;
    }
    return undefined;
  }

  async #write(key: string, make: () => Tree, run: Run): Promise<HeldLayer> {
    const place = this.fresh();
    try {
      run.signal?.throwIfAborted();
      await this.#publish(place, key, await this.#writeInto(place, make(), run));
      return { place, layer: present(this.#layerIn(place), 'layer that was written') };
    } catch (error) {
      await place.remove();
      throw error;
    }
  }

  async #writeInto(place: Place, tree: Tree, run: Run): Promise<number> {
    for (const snapshotter of this.#tools.snapshotters) {
      const size = await snapshotter.write(tree, place.name, run);
      if (size !== undefined) return size;
    }
    throw new Error('bug: a directory holds every layer');
  }

  /** What had the key before cannot be used any more, and goes. */
  async #publish(place: Place, key: string, size: number): Promise<void> {
    const keys = join(this.directory, KEYS);
    const link = join(keys, UNFINISHED + place.name);
    const before = linkAt(join(keys, key));
    try {
      writeFileSync(join(place.path, INFO), JSON.stringify({ boot: this.#boot, size }));
      makeDirectories(keys);
      symlinkSync(join('..', place.name), link);
      renameSync(link, join(keys, key));
    } catch (error) {
      rmSync(link, { force: true });
      throw fromSystem(error, `cannot keep a snapshot in ${this.directory}`);
    }
    if (before !== undefined) await removePlace(this.directory, before);
  }
}

/** Says what lies below the layer of a number; to be asked in ascending order. */
function treesBelow({ layers }: StepRoot): (number: number) => Tree {
  let [tree, count] = [EMPTY_TREE, 0];
  return (number) => {
    for (; count < number; count++) tree = apply(tree, (layers[count] as StepLayer).changes);
    return tree;
  };
}

function linkAt(path: string): string | undefined {
  try {
    return basename(readlinkSync(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export interface SnapshotUse {
  readonly layers: number;
  /** Of files, in bytes. */
  readonly bytes: number;
}

interface Info {
  readonly boot: string;
  readonly size: number;
}

interface Kept extends Info {
  readonly name: string;
  readonly key: string;
  readonly used: number;
}

/**
 * Removes what steps that were killed have left; layers of before the machine was started, which may not be whole, and those
 * whose tars are gone; and of the others, the least recently used ones, until no more than `keep` bytes are left. What is in use stays.
 * @param gone is told of each place that was nobody's
 */
export async function sweepSnapshots(
  directory: string,
  { keep, gone }: { readonly keep: number; readonly gone?: (name: string) => void },
): Promise<SnapshotUse> {
  await removeRemains(directory);
  const boot = bootId();
  const kept = keptIn(directory);
  const named = new Set(kept.map(({ name }) => name));
  for (const name of placesIn(directory)) {
    if (!named.has(name) && (await removePlace(directory, name))) gone?.(name);
  }
  let bytes = 0;
  const removed: Kept[] = [];
  for (const layer of kept.toSorted((a, b) => b.used - a.used)) {
    const isUsable = layer.boot === boot && !isDangling(join(directory, layer.name));
    if (isUsable && bytes + layer.size <= keep) bytes += layer.size;
    else if (await removePlace(directory, layer.name)) removed.push(layer);
  }
  for (const { key } of removed) rmSync(join(directory, KEYS, key), { force: true });
  return { layers: removed.length, bytes: removed.reduce((sum, { size }) => sum + size, 0) };
}

/** Names that lead nowhere go; one that is unfinished stays for as long as its place, which it does not name. */
function keptIn(directory: string): readonly Kept[] {
  const keys = join(directory, KEYS);
  return namesIn(keys).flatMap((key) => {
    const name = linkAt(join(keys, key));
    const isUnfinished = key.startsWith(UNFINISHED);
    const info = name === undefined || isUnfinished ? undefined : infoOf(join(directory, name, INFO));
    if (name !== undefined && info !== undefined) return [{ ...info, name, key }];
    const isMade = isUnfinished && name !== undefined && existsSync(join(directory, name));
    if (!isMade) rmSync(join(keys, key), { force: true });
    return [];
  });
}

function infoOf(path: string): (Info & { readonly used: number }) | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  try {
    return { ...(JSON.parse(readFileSync(path, 'utf8')) as Info), used: stats.mtimeMs };
  } catch (error) {
    // Cut off when the machine lost its power.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
