/**
 * What a layer makes of the tree below it.
 * @module
 */
import { ImageError } from '../base/errors.ts';
import { printableName } from '../base/names.ts';
import { type Recursion, runRecursion } from '../base/recursion.ts';
import { type Change, type Changeset, changeAt, type DirChange, hardlinksIn } from './changeset.ts';
import { childOf, withChildren } from './children.ts';
import { TreeEditor } from './editor.ts';
import { type Dir, IMPLICIT_DIR, type Leaf, type LinkToken, type Node, sameInfo, withLink } from './node.ts';
import { nodeAt, type Tree } from './tree.ts';

/**
 * The tree after the layer. Directories that no change touches are the same objects as before. Links of the layer get tokens
 * of their own, so that one changeset can be applied twice in a stack without joining what it made each time.
 * @throws ImageError CONFLICT where a hard link's target is no file of the tree: the changeset was made for another tree
 */
export function apply(tree: Tree, changeset: Changeset): Tree {
  const below = new Map<string, Leaf>();
  for (const { target } of hardlinksIn(changeset)) {
    if (!below.has(target)) below.set(target, linkTarget(tree, target));
  }
  const links = new Map<LinkToken, LinkToken>();
  const leafFor = (change: Exclude<Change, DirChange>): Leaf | undefined => {
    if (change.kind === 'whiteout') return undefined;
    if (change.kind === 'hardlink') return below.get(change.target);
    return freshLink(change, links);
  };
  const root = runRecursion(applyDir(tree.root, changeset.root, leafFor));
  return relinked(tree, { root }, changeset, below);
}

function* applyDir(
  dir: Dir | undefined,
  change: DirChange,
  leafFor: (change: Exclude<Change, DirChange>) => Leaf | undefined,
): Recursion<Dir> {
  const below = change.opaque ? undefined : dir;
  const nodes = new Array<Node | undefined>(change.names.length);
  for (let i = 0; i < nodes.length; i++) {
    const inner = change.changes[i] as Change;
    if (inner.kind === 'dir-change') {
      const lower = below && childOf(below, change.names[i] as string);
      nodes[i] = yield applyDir(lower?.kind === 'dir' ? lower : undefined, inner, leafFor);
    } else nodes[i] = leafFor(inner);
  }
  const info = change.info ?? dir ?? IMPLICIT_DIR;
  if (nodes.length === 0 && below !== undefined && sameInfo(info, below)) return below;
  return withChildren(below, info, change.names, shared(nodes, change));
}

/** One list where the tree and the changeset have the same leaves: most directories of a layer hold nothing else. */
function shared(nodes: readonly (Node | undefined)[], { changes }: DirChange): readonly (Node | undefined)[] {
  return nodes.every((node, i) => node === changes[i]) ? (changes as readonly Leaf[]) : nodes;
}

/** What stands at a link's target, with a token that its new names can share: the one it has, or a new one. */
function linkTarget(tree: Tree, target: string): Leaf {
  const node = nodeAt(tree, target);
  if (node === undefined || node.kind === 'dir') throw unlinkable(target);
  return node.link === undefined ? withLink(node, { link: true }) : node;
}

/** The leaf with the token that stands for its own in this application. */
export function freshLink(leaf: Leaf, links: Map<LinkToken, LinkToken>): Leaf {
  if (leaf.link === undefined) return leaf;
  const fresh = links.get(leaf.link) ?? { link: true };
  links.set(leaf.link, fresh);
  return withLink(leaf, fresh);
}

/** A target that had one name only, and survives, has to bear the token that its new names bear. */
function relinked(before: Tree, after: Tree, changeset: Changeset, below: ReadonlyMap<string, Leaf>): Tree {
  const single = [...below].filter(([target]) => (nodeAt(before, target) as Leaf).link === undefined);
  const surviving = single.filter(([target]) => changeAt(changeset, target) === 'below');
  if (surviving.length === 0) return after;
  const editor = new TreeEditor(after);
  for (const [target, leaf] of surviving) editor.put(target, leaf);
  return editor.done();
}

export function unlinkable(target: string): ImageError {
  return new ImageError('CONFLICT', `no file at ${printableName(target)} to make a hard link to`, {
    hint: 'the layer was made for another base: apply it to the image it comes from',
  });
}
