/** Images in tests: made by code, and places to put them. @module */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { bytesContent } from '../src/model/content.ts';
import { TreeEditor } from '../src/model/editor.ts';
import { FILE_META, IMPLICIT_DIR, type Meta } from '../src/model/node.ts';
import type { Tree } from '../src/model/tree.ts';
import type { Access } from '../src/sources.ts';
import type { NewImage } from '../src/transforms/save/image.ts';
import { OFFLINE } from './offline.ts';

/** Path → text of a file; `''` behind a slash makes a directory. */
export function treeOf(files: Readonly<Record<string, string | Uint8Array>>, meta: Meta = FILE_META): Tree {
  const editor = new TreeEditor();
  editor.putDir('/', IMPLICIT_DIR);
  for (const [path, text] of Object.entries(files)) {
    if (path.endsWith('/')) editor.putDir(path.slice(0, -1), IMPLICIT_DIR);
    else
      editor.put(path, {
        kind: 'file',
        meta,
        mtime: 1_700_000_000,
        mtimeNs: 0,
        link: undefined,
        content: bytesContent(text),
      });
  }
  return editor.done();
}

/** An image of one layer. */
export function imageOf(tree: Tree, more: Partial<NewImage> = {}): NewImage {
  return {
    platform: { architecture: 'amd64', os: 'linux' },
    config: { Cmd: ['/bin/true'], Env: ['PATH=/bin'] },
    created: '2026-01-02T03:04:05Z',
    layers: [{ kind: 'made', content: tree }],
    ...more,
  };
}

export interface Workplace extends AsyncDisposable {
  readonly dir: string;
  /** With a store in the directory. */
  readonly access: Access;
  /** What was reported as a warning. */
  readonly warnings: string[];
}

/** An empty directory of its own, gone at the end. */
export async function workplace(): Promise<Workplace> {
  const temp = await mkdtempDisposable(`${tmpdir()}/pare-test-`);
  const warnings: string[] = [];
  const run: Access['run'] = {
    report: (progress) => {
      if (progress.type === 'warning') warnings.push(progress.text);
    },
  };
  return {
    dir: temp.path,
    access: { env: { ...OFFLINE, PARE_HOME: `${temp.path}/store`, HOME: temp.path }, run },
    warnings,
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}
