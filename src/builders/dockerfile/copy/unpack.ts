/** What ADD makes of an archive: the rules are those of moby/go-archive. @module */
import { ImageError } from '../../../base/errors.ts';
import { printableName } from '../../../base/names.ts';
import { ancestors, cleanPath, dirname } from '../../../base/path.ts';
import { applyLayer } from '../../../model/anchor.ts';
import { TreeEditor } from '../../../model/editor.ts';
import type { LayerEntry } from '../../../model/layer/entry.ts';
import type { DirInfo } from '../../../model/node.ts';
import { EMPTY_DIR, nodeAt, type Tree } from '../../../model/tree.ts';
import { makeDirectories, touch } from './place.ts';
import type { Owner } from './prepare.ts';

export interface Unpacking {
  readonly destination: string;
  /** Of all entries. Absent: they keep theirs. */
  readonly owner: Owner | undefined;
  /** Seconds since the epoch. */
  readonly time: number;
}

/**
 * An archive's entries keep their permissions and times. Directories that it does not name are root's. For its links, the
 * destination is the root.
 * @throws ImageError UNSUPPORTED for names that layers cannot hold, CONFLICT
 */
export async function unpackInto(
  editor: TreeEditor,
  entries: readonly LayerEntry[],
  { destination, owner, time }: Unpacking,
): Promise<TreeEditor> {
  assertNoMarks(entries);
  const made = directory(time);
  const { path } = makeDirectories(editor, cleanPath(destination), { ...made, meta: { ...made.meta, ...owner } });
  const tree = editor.done();
  const below = nodeAt(tree, path);
  const root = below?.kind === 'dir' ? below : EMPTY_DIR;
  // What the archive says of the destination itself is not listened to.
  const members = entries.filter((entry) => entry.path !== '/').map((entry) => ownedBy(entry, owner));
  const applied = await applyLayer({ root }, withDirectories(members, { root }, made));
  const inside = new TreeEditor(applied.tree);
  const named = new Set(members.map((entry) => entry.path));
  for (const parent of new Set(members.map((entry) => dirname(entry.path)))) {
    if (!named.has(parent)) touch(inside, parent, time);
  }
  const after = new TreeEditor(tree);
  after.put(path, inside.done().root);
  touch(after, path, time);
  return after;
}

function assertNoMarks(entries: readonly LayerEntry[]): void {
  const mark = entries.find(({ kind }) => kind === 'whiteout' || kind === 'opaque');
  if (mark === undefined) return;
  const name = printableName(mark.path);
  throw new ImageError('UNSUPPORTED', `the archive has a file for ${name} whose name begins with .wh.`, {
    hint: 'a layer cannot hold such names: they mean removed files there',
  });
}

function directory(time: number): DirInfo {
  return { kind: 'dir', meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: time, mtimeNs: 0 };
}

function ownedBy(entry: LayerEntry, owner: Owner | undefined): LayerEntry {
  if (owner === undefined) return entry;
  if (entry.kind === 'hardlink') return { ...entry, meta: { ...entry.meta, ...owner } };
  if (entry.kind !== 'node') return entry;
  return { ...entry, node: { ...entry.node, meta: { ...entry.node.meta, ...owner } } };
}

/** Before an entry, the directories above it that are not there. */
async function* withDirectories(
  entries: readonly LayerEntry[],
  below: Tree,
  made: DirInfo,
): AsyncGenerator<LayerEntry> {
  const known = new Set<string>();
  for (const entry of entries) {
    for (const above of ancestors(entry.path)) {
      if (known.has(above) || above === '/') continue;
      known.add(above);
      if (nodeAt(below, above) === undefined) yield { kind: 'node', path: above, node: made };
    }
    known.add(entry.path);
    yield entry;
  }
}
