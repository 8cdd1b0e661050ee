import { expect, test } from 'vitest';
import { bytesContent } from './content.ts';
import { TreeEditor } from './editor.ts';
import { spellings } from './explain.ts';
import type { Tree } from './tree.ts';

const common = { meta: { mode: 0o755, uid: 0, gid: 0 }, mtime: 0, mtimeNs: 0, link: undefined };

function tree(links: Readonly<Record<string, string>>): Tree {
  const editor = new TreeEditor();
  for (const [path, target] of Object.entries(links)) editor.put(path, { kind: 'symlink', ...common, target });
  editor.put('/usr/lib/a.so', { kind: 'file', ...common, content: bytesContent('') });
  return editor.done();
}

test('links of directories lead to the path that evidence knows', () => {
  expect(spellings(tree({ '/lib': 'usr/lib', '/srv/now': '/data/7' }), '/lib/x/libz.so.1')).toEqual([
    '/lib/x/libz.so.1',
    '/usr/lib/x/libz.so.1',
  ]);
  expect(spellings(tree({ '/srv/now': '/data/7' }), '/srv/now/a/b')).toEqual(['/srv/now/a/b', '/data/7/a/b']);
});

test('an image without the links may come from a system that has them, or may not', () => {
  expect(spellings(tree({}), '/lib64/libz.so.1')).toEqual(['/lib64/libz.so.1', '/usr/lib64/libz.so.1']);
  expect(spellings(tree({}), '/usr/bin/x')).toEqual(['/usr/bin/x', '/bin/x']);
  expect(spellings(tree({}), '/usr/share/x')).toEqual(['/usr/share/x']);
});
