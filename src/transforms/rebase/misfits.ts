/** Where layers that were made for one base do not fit another. @module */
import { ImageError } from '../../base/errors.ts';
import { printableName } from '../../base/names.ts';
import { anchor } from '../../model/anchor.ts';
import { apply } from '../../model/apply.ts';
import { type Changeset, walkChanges } from '../../model/changeset.ts';
import type { Layer } from '../../model/image.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import { nodeAt, type Tree } from '../../model/tree.ts';

/** A layer of the image, and what its archive lists. */
export interface UpperLayer {
  readonly layer: Layer;
  readonly entries: readonly LayerEntry[];
}

export interface Fitted {
  readonly tree: Tree;
  /** One line for each layer that removes what is not there; for people. */
  readonly warnings: readonly string[];
}

/**
 * The tree of the layers on another base: their entries find their places anew.
 * @param old the tree of the base that they were made for
 * @throws ImageError CONFLICT where a layer cannot be unpacked there: it links to a file that is missing
 */
export function fitted(upper: readonly UpperLayer[], old: Tree, base: Tree): Fitted {
  const warnings: string[] = [];
  let [before, tree] = [old, base];
  for (const { layer, entries } of upper) {
    const changes = placed(tree, entries, layer);
    const vain = [...removals(changes)].filter(
      (path) => nodeAt(tree, path) === undefined && nodeAt(before, path) !== undefined,
    );
    if (vain.length > 0)
      warnings.push(`layer ${layer.diffId} removes what the new base does not have: ${someOf(vain)}`);
    before = apply(before, layer.changes);
    tree = apply(tree, changes);
  }
  return { tree, warnings };
}

function placed(tree: Tree, entries: readonly LayerEntry[], { diffId }: Layer): Changeset {
  try {
    return anchor(tree, entries);
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    throw new ImageError('CONFLICT', `layer ${diffId} does not go onto the new base: ${error.message}`, {
      hint: 'squash what is above the old base first: pare squash REF --keep-base OLD copies linked files up',
      cause: error,
    });
  }
}

function* removals(changes: Changeset): Generator<string> {
  for (const { path, change } of walkChanges(changes)) if (change.kind === 'whiteout') yield path;
}

function someOf(paths: readonly string[]): string {
  const shown = paths.slice(0, 5).map(printableName).join(', ');
  return paths.length > 5 ? `${shown} and ${paths.length - 5} more` : shown;
}
