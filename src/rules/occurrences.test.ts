import { expect, test } from 'vitest';
import { bytesContent } from '../model/content.ts';
import { TreeEditor } from '../model/editor.ts';
import { treeFiles } from '../ports/tree-files.ts';
import { createContents } from './contents.ts';
import { occurrences } from './occurrences.ts';

const MB = 1024 * 1024;

function fileOf(bytes: Buffer) {
  const editor = new TreeEditor();
  const meta = { mode: 0o644, uid: 0, gid: 0 };
  editor.put('/f', { kind: 'file', meta, mtime: 0, mtimeNs: 0, link: undefined, content: bytesContent(bytes) });
  const files = treeFiles(editor.done());
  return { files, contents: createContents(files) };
}

test('gives every place where the text begins, with what follows', async () => {
  const facts = fileOf(Buffer.from('a/etc/x\0b/etc/y\0/opt\0'));
  const found = await occurrences('/f', ['/etc/', '/opt'], facts);
  expect(found.map((text) => text.split('\0')[0])).toEqual(['/etc/x', '/etc/y', '/opt']);
  expect(await occurrences('/none', ['/etc/'], facts)).toEqual([]);
});

test('across the pieces in which a file is read, once each', async () => {
  const bytes = Buffer.alloc(9 * MB);
  for (const at of [0, 4 * MB - 3, 4 * MB, 8 * MB - 5, 9 * MB - 5]) bytes.write('/etc/', at);
  expect(await occurrences('/f', ['/etc/'], fileOf(bytes))).toHaveLength(4);
  bytes.fill(0);
  bytes.write('KEY: "value"', 4 * MB - 6);
  expect((await occurrences('/f', ['KEY: "'], fileOf(bytes)))[0]?.slice(0, 12)).toBe('KEY: "value"');
});

test('of very many, only some', async () => {
  expect(await occurrences('/f', ['/'], fileOf(Buffer.alloc(MB, '/')))).toHaveLength(1000);
});
