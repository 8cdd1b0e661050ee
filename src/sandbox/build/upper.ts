/**
 * From an overlay's upper directory, as it lies on the disk, to the changeset that a step has made: the table of
 * `docs/snapshots.md`.
 * @module
 */
import { type Recursion, runRecursion } from '../../base/recursion.ts';
import { type Change, type Changeset, type DirChange, EMPTY_CHANGESET, WHITEOUT } from '../../model/changeset.ts';
import { childOf } from '../../model/children.ts';
import { sameBytes } from '../../model/difference.ts';
import { type Dir, type Leaf, type LinkToken, type Node, sameInfo, sameLeaf } from '../../model/node.ts';
import { infoOf, nodeAt, type Tree, walk } from '../../model/tree.ts';
import { isOpaque, isWhiteout, type OverlayForm, recorded } from './form.ts';

/**
 * What was copied up and is as it was below is left out; to see that, bytes of files that agree in all else are compared.
 * @param upper whiteouts are devices in it, and marks are attributes
 * @param below the tree that the overlay was mounted over
 */
export async function changesOfUpper(upper: Tree, below: Tree, form: OverlayForm): Promise<Changeset> {
  const unchanged = await unchangedLeaves(upper, below, form);
  const root = runRecursion(changeOfDir(upper.root, below.root, '', { form, unchanged }));
  return root === undefined ? EMPTY_CHANGESET : { root };
}

interface Context {
  readonly form: OverlayForm;
  /** Paths of leaves that say nothing new. */
  readonly unchanged: ReadonlySet<string>;
}

/** Undefined where nothing changes. */
function* changeOfDir(
  dir: Dir,
  lower: Node | undefined,
  path: string,
  context: Context,
): Recursion<DirChange | undefined> {
  const { form } = context;
  const lowerDir = lower?.kind === 'dir' ? lower : undefined;
  const hides = isOpaque(dir, form);
  const opaque = hides && lowerDir !== undefined && lowerDir.names.length > 0;
  const names: string[] = [];
  const changes: Change[] = [];
  for (const [i, name] of dir.names.entries()) {
    const node = dir.nodes[i] as Node;
    const below = hides || lowerDir === undefined ? undefined : childOf(lowerDir, name);
    const at = `${path}/${name}`;
    const change =
      node.kind === 'dir' ? yield changeOfDir(node, below, at, context) : leafChange(node, below, at, context);
    if (change === undefined) continue;
    names.push(name);
    changes.push(change);
  }
  const info = { ...infoOf(dir), meta: recorded(dir, lowerDir, form) };
  const isDescribed = lowerDir !== undefined && !opaque && sameInfo(info, lowerDir);
  if (isDescribed && names.length === 0) return undefined;
  return { kind: 'dir-change', info: isDescribed ? undefined : info, opaque, names, changes };
}

function leafChange(
  leaf: Leaf,
  below: Node | undefined,
  path: string,
  { form, unchanged }: Context,
): Change | undefined {
  if (isWhiteout(leaf, form)) return below && WHITEOUT;
  if (below !== undefined && unchanged.has(path)) return undefined;
  return { ...leaf, meta: recorded(leaf, below, form) };
}

/** Leaves that were copied up, or written anew, and are as below; of names of one file all or none. */
async function unchangedLeaves(upper: Tree, below: Tree, form: OverlayForm): Promise<Set<string>> {
  const unchanged = new Set<string>();
  const linked = new Map<LinkToken, { readonly paths: string[]; readonly below: Set<unknown> }>();
  for (const { path, node } of walk(upper)) {
    if (node.kind === 'dir' || isWhiteout(node, form)) continue;
    const lower = nodeAt(below, path);
    if (await isAsBelow(node, lower, form)) unchanged.add(path);
    if (node.link === undefined) continue;
    const group = linked.get(node.link) ?? { paths: [], below: new Set() };
    linked.set(node.link, group);
    group.paths.push(path);
    group.below.add(lower === undefined || lower.kind === 'dir' ? undefined : lower.link);
  }
  for (const { paths, below: tokens } of linked.values()) {
    const isSame = tokens.size === 1 && !tokens.has(undefined) && paths.every((path) => unchanged.has(path));
    if (!isSame) for (const path of paths) unchanged.delete(path);
  }
  return unchanged;
}

async function isAsBelow(leaf: Leaf, lower: Node | undefined, form: OverlayForm): Promise<boolean> {
  if (lower === undefined || lower.kind === 'dir' || lower.kind !== leaf.kind) return false;
  const described = { ...leaf, meta: recorded(leaf, lower, form) };
  if (described.kind !== 'file' || lower.kind !== 'file') return sameLeaf(described, lower);
  return sameInfo(described, lower) && sameBytes(described.content, lower.content);
}
