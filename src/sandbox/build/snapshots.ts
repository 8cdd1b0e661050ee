/**
 * Layers as directories that overlayfs can mount, kept for the next step on them. `docs/snapshots.md` says how they lie on the
 * disk.
 * @module
 */
import {
  mkdirSync,
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
import { digestOf, encodedOf } from '../../base/digest.ts';
import { fromSystem, systemCode } from '../../base/errors.ts';
import { apply } from '../../model/apply.ts';
import { EMPTY_TREE, type Tree, unpackedSize } from '../../model/tree.ts';
import type { StepLayer, StepRoot } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import { bootId } from '../../system/boot.ts';
import { makeDirectories } from '../../system/directories.ts';
import { standing } from '../namespace.ts';
import type { OverlayForm } from './form.ts';
import type { Hands } from './hands.ts';
import { overlayLayer } from './lower.ts';
import { holdPlace, makePlace, namesIn, type Place, placesIn, removePlace, removeRemains } from './places.ts';

/** Layers on the disk, the lowest first; nobody removes them until this is disposed of. */
export interface HeldLayers extends Disposable {
  /** Paths relative to the directory of snapshots. */
  readonly paths: readonly string[];
}

/** Where in its place a layer lies. */
export const LAYER = 'fs';
const KEYS = 'keys';
const INFO = 'info.json';

/** So many bytes of files are kept, those of the layers that were used last. */
export const KEPT_BYTES = 10 * 1024 ** 3;

export interface SnapshotTools {
  readonly form: OverlayForm;
  readonly hands: Hands;
}

export class Snapshots {
  readonly directory: string;
  readonly #tools: SnapshotTools;
  readonly #boot = bootId();
  /** Layers that are being written, by key: another step on the same base waits. */
  readonly #writing = new Map<string, Promise<Place>>();

  constructor(directory: string, tools: SnapshotTools) {
    this.directory = directory;
    this.#tools = tools;
  }

  /** Writes those that are not there yet. */
  async hold(root: StepRoot, run: Run): Promise<HeldLayers> {
    using stack = new DisposableStack();
    const paths: string[] = [];
    const below = treesBelow(root);
    let key = '';
    for (const [i, layer] of root.layers.entries()) {
      key = this.#chain(key, layer.key);
      const make = () => overlayLayer(layer.changes, below(i), this.#tools.form);
      const place = stack.use(await this.#layer(key, make, run));
      paths.push(join(place.name, LAYER));
    }
    const held = stack.move();
    return { paths, [Symbol.dispose]: () => held.dispose() };
  }

  /** A place to work in, which nobody else knows of. */
  fresh(): Place {
    return makePlace(this.directory);
  }

  /** Names the layer in a place, so that it is found when it is the uppermost of a root. */
  keep(place: Place, below: StepRoot, key: string, size: number): void {
    const chain = below.layers.reduce((last, layer) => this.#chain(last, layer.key), '');
    this.#publish(place, this.#chain(chain, key), size);
  }

  /** What a layer lies on is part of its key: attributes of directories come from there. */
  #chain(below: string, key: string): string {
    return encodedOf(digestOf([standing(), this.#boot, below, key].join('\n')));
  }

  async #layer(key: string, make: () => Tree, run: Run): Promise<Place> {
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

  #find(key: string): Place | undefined {
    const name = linkAt(join(this.directory, KEYS, key));
    const place = name === undefined ? undefined : holdPlace(this.directory, name);
    if (place === undefined) return undefined;
    const now = new Date();
    utimesSync(join(place.path, INFO), now, now);
    return place;
  }

  async #write(key: string, make: () => Tree, run: Run): Promise<Place> {
    const place = this.fresh();
    try {
      run.signal?.throwIfAborted();
      const tree = make();
      const directory = join(place.path, LAYER);
      mkdirSync(directory, { mode: 0o700 });
      await this.#tools.hands.write(tree, directory, run);
      this.#publish(place, key, unpackedSize(tree));
      return place;
    } catch (error) {
      place[Symbol.dispose]();
      await removePlace(this.directory, place.name);
      throw error;
    }
  }

  #publish(place: Place, key: string, size: number): void {
    const keys = join(this.directory, KEYS);
    const link = join(keys, `.${place.name}`);
    try {
      writeFileSync(join(place.path, INFO), JSON.stringify({ boot: this.#boot, size }));
      makeDirectories(keys);
      symlinkSync(join('..', place.name), link);
      renameSync(link, join(keys, key));
    } catch (error) {
      throw fromSystem(error, `cannot keep a snapshot in ${this.directory}`);
    }
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
 * Removes what steps that were killed have left; layers of before the machine was started, which may not be whole; and of the
 * others, the least recently used ones, until no more than `keep` bytes are left. What is in use stays.
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
    if (layer.boot === boot && bytes + layer.size <= keep) bytes += layer.size;
    else if (await removePlace(directory, layer.name)) removed.push(layer);
  }
  for (const { key } of removed) rmSync(join(directory, KEYS, key), { force: true });
  return { layers: removed.length, bytes: removed.reduce((sum, { size }) => sum + size, 0) };
}

/** Names that lead nowhere go. */
function keptIn(directory: string): readonly Kept[] {
  const keys = join(directory, KEYS);
  return namesIn(keys).flatMap((key) => {
    const name = linkAt(join(keys, key));
    const info = name === undefined ? undefined : infoOf(join(directory, name, INFO));
    if (name !== undefined && info !== undefined) return [{ ...info, name, key }];
    if (!key.startsWith('.')) rmSync(join(keys, key), { force: true });
    return [];
  });
}

function infoOf(path: string): (Info & { readonly used: number }) | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as Info), used: stats.mtimeMs };
}
