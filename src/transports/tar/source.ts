/** `tar:FILE` as a root filesystem: read where it lies; compressed, or from standard input, spooled first. @module */
import { placed } from '../../base/errors.ts';
import { applyLayer } from '../../model/anchor.ts';
import type { LayerEntry } from '../../model/layer/entry.ts';
import { readLayer } from '../../model/layer/read.ts';
import { EMPTY_TREE, type Tree } from '../../model/tree.ts';
import type { Run } from '../../ports/run.ts';
import { filled, type OpenFile, openFile } from '../../system/open-file.ts';

export interface TarRoot extends AsyncDisposable {
  /** Its contents can be read until this is disposed of. */
  readonly tree: Tree;
}

/** @param path `-` is standard input. @throws ImageError NOT_FOUND, INVALID, LIMIT … */
export async function openTarRoot(path: string, run: Run = {}): Promise<TarRoot> {
  await using stack = new AsyncDisposableStack();
  const file = filled(stack.use(await openFile(path, run)), path);
  const tree = await treeIn(file, path, run);
  const open = stack.move();
  return { tree, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

async function treeIn({ blob, size }: OpenFile, path: string, run: Run): Promise<Tree> {
  const warn = (text: string) => run.report?.({ type: 'warning', text: `tar:${path}: ${text}` });
  try {
    return (await applyLayer(EMPTY_TREE, warned(readLayer(blob, size, warn), path, run))).tree;
  } catch (error) {
    throw placed(error, path === '-' ? 'standard input' : path);
  }
}

/** A layer's marks of removal mean nothing where nothing is below, and tell that the file is not what was thought. */
async function* warned(entries: AsyncIterable<LayerEntry>, path: string, run: Run): AsyncGenerator<LayerEntry> {
  let marks = 0;
  for await (const entry of entries) {
    if (entry.kind === 'whiteout' || entry.kind === 'opaque') marks++;
    yield entry;
  }
  if (marks === 0) return;
  const text = `tar:${path} has ${marks} whiteouts: it is a layer of an image, without what lies below it`;
  run.report?.({ type: 'warning', text });
}
