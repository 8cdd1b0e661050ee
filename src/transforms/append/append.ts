/** Layers on top of an image. @module */
import { placed } from '../../base/errors.ts';
import { later, timestamp } from '../../base/time.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import { diff } from '../../model/diff.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import { newestTime } from '../../model/newest-time.ts';
import { historyFor } from '../../model/stack.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import { type DerivedImage, type NewLayer, type StoredImage, saying } from '../../ports/new-image.ts';

/** One layer to be added: a tar that is there, or the files of a root filesystem. */
export type Addition =
  | { readonly kind: 'tar'; readonly name: string; readonly layer: NewLayer; readonly entries: readonly LayerEntry[] }
  | { readonly kind: 'root'; readonly name: string; readonly tree: Tree };

export interface AppendOptions {
  /** RFC 3339; default the newest time in what is added, or the image's own where that is later. */
  readonly time?: string | undefined;
}

/** @param additions the lowest first. @throws ImageError INVALID, CONFLICT where a layer does not go onto the image */
export function append(
  { image, layers }: StoredImage,
  additions: readonly Addition[],
  { time }: AppendOptions,
): DerivedImage {
  const history = [...historyFor(image)];
  const all = [...layers];
  let { tree } = image;
  let { created } = image.config;
  for (const addition of additions) {
    const below = tree;
    const changes = changesOf(addition, below);
    tree = apply(below, changes);
    const when = time ?? timestamp(newestIn(addition, changes));
    history.push({ created: when, created_by: `pare append ${addition.name}` });
    created = time ?? later(created, when);
    all.push(addition.kind === 'tar' ? addition.layer : { kind: 'made', content: changes, below });
  }
  return {
    ...saying(image, { ...image.config, history }),
    ...(created === undefined ? {} : { created }),
    layers: all,
    tree,
  };
}

function changesOf(addition: Addition, below: Tree): Changeset {
  if (addition.kind === 'tar') {
    try {
      return anchor(below, addition.entries);
    } catch (error) {
      throw placed(error, `layer ${addition.name}`);
    }
  }
  // What the directory that holds the files is like says nothing of the image's root: it may be a temporary one, of mode 0700.
  return { root: { ...diff(EMPTY_TREE, addition.tree).root, info: undefined } };
}

function newestIn(addition: Addition, changes: Changeset): number {
  if (addition.kind === 'root') return newestTime(addition.tree);
  let newest = 0;
  for (const { change } of walkChanges(changes)) {
    const info = change.kind === 'dir-change' ? change.info : change;
    if (info !== undefined && 'mtime' in info) newest = Math.max(newest, info.mtime);
  }
  return newest;
}
