/** RemovedInLaterLayer and ChangedInLaterLayer: bytes in a layer that one above hides. @module */
import { walkChanges } from '../../model/changeset.ts';
import { type Leaf, type Node, sameMeta } from '../../model/node.ts';
import { nodeAt, type Tree, walk } from '../../model/tree.ts';
import { type Built, Bytes, instructionText, type Level, levelsOf, type SizeHint } from './built.ts';

/** Of the build's own layers: what a base holds that is not wanted, no Dockerfile can avoid but by another base. */
export function hiddenBytes(built: Pick<Built, 'layers'>): readonly SizeHint[] {
  const levels = levelsOf(built);
  const base = levels.findLast(({ by }) => by === undefined)?.after;
  return levels.flatMap((level) => (level.by === undefined ? [] : hiddenBy(level, level.by, base)));
}

function hiddenBy({ changes, before, after }: Level, by: string, base: Tree | undefined): readonly SizeHint[] {
  const [removed, changed] = [new Bytes(), new Bytes()];
  const isOwn = (path: string, node: Node) => node !== (base && nodeAt(base, path));
  const hide = (path: string) => {
    for (const entry of walk(before, path)) {
      if (nodeAt(after, entry.path) !== entry.node && isOwn(entry.path, entry.node)) removed.add(entry.node);
    }
  };
  for (const { path, change } of walkChanges(changes)) {
    if (change.kind === 'dir-change') {
      if (change.opaque || nodeAt(before, path)?.kind !== 'dir') hide(path);
    } else if (change.kind === 'file' && isCopy(nodeAt(before, path), change)) changed.add(change);
    else hide(path);
  }
  const layer = instructionText(by);
  const hints: SizeHint[] = [];
  if (removed.sum > 0) {
    const message = `of files that ${layer} removes or replaces stay in the layers below`;
    const advice = 'remove them in the step that makes them, or --squash';
    hints.push({ rule: 'RemovedInLaterLayer', bytes: removed.sum, message, advice });
  }
  if (changed.sum > 0) {
    const message = `of files are in the layer of ${layer} a second time, since their owner or permissions changed`;
    const advice = 'set them where the files are made (COPY --chown, --chmod)';
    hints.push({ rule: 'ChangedInLaterLayer', bytes: changed.sum, message, advice });
  }
  return hints;
}

/** chmod(1) and chown(1) leave size and time as they are; what is written anew has another time. */
function isCopy(before: Node | undefined, now: Leaf & { readonly kind: 'file' }): boolean {
  if (before?.kind !== 'file' || before.content.size !== now.content.size) return false;
  return before.mtime === now.mtime && before.mtimeNs === now.mtimeNs && !sameMeta(before.meta, now.meta);
}
