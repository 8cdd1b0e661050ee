import { describe, expect, it } from 'vitest';
import { ImageError } from '../../base/errors.ts';
import { encodeHeader } from '../../formats/tar/encode.ts';
import type { Blob } from '../content.ts';
import { bytesContent, EMPTY_CONTENT } from '../content.ts';
import { TreeEditor } from '../editor.ts';
import { DIR_META, type DirInfo, FILE_META, type FileNode } from '../node.ts';
import type { LayerEntry } from './entry.ts';
import { readLayer } from './read.ts';
import { layerSize, writeLayer } from './write.ts';

function memoryBlob(bytes: Uint8Array): Blob {
  return {
    id: 'memory',
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    stream: async function* (offset, length) {
      for (let at = 0; at < length; at += 100) yield bytes.subarray(offset + at, offset + Math.min(at + 100, length));
    },
  };
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const out: Buffer[] = [];
  for await (const piece of pieces) out.push(Buffer.from(piece));
  return Buffer.concat(out);
}

async function entriesOf(bytes: Uint8Array): Promise<LayerEntry[]> {
  return Array.fromAsync(readLayer(memoryBlob(bytes), bytes.length));
}

describe('layers', () => {
  it('writes a tree that reads back', async () => {
    const editor = new TreeEditor();
    const dir: DirInfo = { kind: 'dir', meta: DIR_META, mtime: 5, mtimeNs: 7 };
    const file: FileNode = {
      kind: 'file',
      meta: { ...FILE_META, xattrs: new Map([['security.capability', Uint8Array.of(1, 0, 255, 10)]]) },
      mtime: -3,
      mtimeNs: 500_000_000,
      link: { link: true },
      content: bytesContent('hello'),
    };
    editor.putDir('/etc', dir);
    editor.put('/etc/a', file);
    editor.put('/etc/b', file);
    editor.put('/etc/empty', { ...file, link: undefined, content: EMPTY_CONTENT });
    const tree = editor.done();
    const tar = await collect(writeLayer(tree));
    expect(tar.length).toBe(layerSize(tree));
    const entries = await entriesOf(tar);
    expect(entries.map(({ kind, path }) => [kind, path])).toEqual([
      ['node', '/'],
      ['node', '/etc'],
      ['node', '/etc/a'],
      ['hardlink', '/etc/b'],
      ['node', '/etc/empty'],
    ]);
    expect(entries[3]).toMatchObject({ target: 'etc/a', mtime: -3, mtimeNs: 500_000_000, meta: file.meta });
  });

  it.each(['.wh.', '.wh..', '.wh...', 'a/.wh.', 'a/.wh...'])('refuses the whiteout %s', async (name) => {
    const header = encodeHeader({ kind: 'file', name, ...FILE_META, size: 0, mtime: 0, mtimeNs: 0 });
    await expect(entriesOf(header)).rejects.toThrow(ImageError);
  });
});
