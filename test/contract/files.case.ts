/**
 * What every implementation of the port `Files` owes to those who look for facts, over one small root filesystem with links
 * of every kind.
 * @module
 */
import { describe, expect, test } from 'vitest';
import { bytesContent } from '../../src/model/content.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import { type FileNode, IMPLICIT_DIR, type Leaf } from '../../src/model/node.ts';
import type { Tree } from '../../src/model/tree.ts';
import type { Files } from '../../src/ports/files.ts';

export interface FilesMaker {
  readonly name: string;
  /** Opens the tree through the port; disposing of it ends that. */
  open(tree: Tree): Promise<{ readonly files: Files } & AsyncDisposable>;
}

const TIME = { mtime: 1_600_000_000, mtimeNs: 123_456_789 };
const NOT_UTF8 = '/etc/\uDCE9t\uDCE9';

function file(text: string, more: Partial<FileNode> = {}): FileNode {
  const meta = { mode: 0o640, uid: 0, gid: 0 };
  return { kind: 'file', meta, ...TIME, link: undefined, content: bytesContent(text), ...more };
}

function symlink(target: string): Leaf {
  return { kind: 'symlink', meta: { mode: 0o777, uid: 0, gid: 0 }, ...TIME, link: undefined, target };
}

export function filesTree(): Tree {
  const editor = new TreeEditor();
  editor.putDir('/', IMPLICIT_DIR);
  const link = { link: true } as const;
  const entries: Record<string, Leaf> = {
    '/usr/bin/tool': file('0123456789', { meta: { mode: 0o751, uid: 0, gid: 0 } }),
    '/bin': symlink('usr/bin'),
    '/usr/bin/alias': symlink('/bin/tool'),
    '/usr/lib/one': file('linked', { link }),
    '/usr/lib/two': file('linked', { link }),
    '/etc/loop': symlink('loop'),
    '/etc/gone': symlink('../nowhere'),
    '/etc/empty': file(''),
    '/etc/up': symlink('../../../../usr/bin/tool'),
    [NOT_UTF8]: file('bytes'),
    '/etc/old': file('before 1970', { mtime: -1, mtimeNs: 500_000_000 }),
  };
  for (const [path, node] of Object.entries(entries)) editor.put(path, node);
  editor.putDir('/var/empty', { ...IMPLICIT_DIR, meta: { mode: 0o1777, uid: 0, gid: 0 } });
  return editor.done();
}

export function filesContract(maker: FilesMaker): void {
  const on = (name: string, run: (files: Files) => Promise<void>) => {
    test(name, async () => {
      await using opened = await maker.open(filesTree());
      await run(opened.files);
    });
  };

  describe(`Files of ${maker.name}`, () => {
    on('look-up is of exactly that path: no link on the way is followed', async (files) => {
      expect(await files.lookup('/usr/bin/tool')).toMatchObject({ kind: 'file', meta: { mode: 0o751 }, ...TIME });
      expect(await files.lookup('/bin')).toMatchObject({ kind: 'symlink', target: 'usr/bin' });
      for (const path of ['/bin/tool', '/nowhere', '/usr/bin/tool/below', '/usr/bin/none']) {
        expect(await files.lookup(path), path).toBeUndefined();
      }
      expect(await files.lookup('/')).toMatchObject({ kind: 'dir' });
      expect(await files.lookup('/var/empty')).toMatchObject({ kind: 'dir', meta: { mode: 0o1777 } });
    });

    on('lists are sorted by code unit; what is no directory has none', async (files) => {
      expect(await files.list('/')).toEqual(['bin', 'etc', 'usr', 'var']);
      expect(await files.list('/etc')).toEqual(['empty', 'gone', 'loop', 'old', 'up', '\uDCE9t\uDCE9']);
      expect(await files.list('/var/empty')).toEqual([]);
      for (const path of ['/bin', '/usr/bin/tool', '/none']) expect(await files.list(path), path).toBeUndefined();
    });

    on('resolution is inside the root', async (files) => {
      const found = await files.resolve('/usr/bin/alias');
      expect(found).toMatchObject({ kind: 'found', path: '/usr/bin/tool' });
      expect(found.hops.map((hop) => hop.path)).toEqual(['/usr/bin/alias', '/bin']);
      expect(await files.resolve('/etc/up')).toMatchObject({ kind: 'found', path: '/usr/bin/tool' });
      expect(await files.resolve('/etc/up', { follow: false })).toMatchObject({ kind: 'found', path: '/etc/up' });
      expect(await files.resolve('/etc/loop')).toMatchObject({ kind: 'missing', why: 'loop' });
      expect(await files.resolve('/etc/gone')).toMatchObject({ kind: 'missing', why: 'absent', at: '/nowhere' });
      expect(await files.resolve('/usr/bin/tool/x')).toMatchObject({ kind: 'missing', why: 'not-a-directory' });
    });

    on('bytes: whole, a range, a range beyond the end', async (files) => {
      const tool = (await files.lookup('/usr/bin/tool')) as FileNode;
      const text = async (range?: { offset: number; size: number }) =>
        Buffer.from(await files.read(tool, range)).toString();
      expect(await text()).toBe('0123456789');
      expect(await text({ offset: 3, size: 4 })).toBe('3456');
      expect(await text({ offset: 8, size: 100 })).toBe('89');
      expect(await text({ offset: 50, size: 1 })).toBe('');
      expect((await files.read((await files.lookup('/etc/empty')) as FileNode)).length).toBe(0);
    });

    on('hard links share a token, other files have none', async (files) => {
      const [one, two] = [await files.lookup('/usr/lib/one'), await files.lookup('/usr/lib/two')];
      expect(one?.kind === 'file' && one.link).toBeTruthy();
      expect(one?.kind === 'file' && two?.kind === 'file' && one.link === two.link).toBe(true);
      expect(await files.lookup('/etc/empty')).toMatchObject({ link: undefined });
    });

    on('names that are no UTF-8, and times before 1970', async (files) => {
      const found = (await files.lookup(NOT_UTF8)) as FileNode;
      expect(Buffer.from(await files.read(found)).toString()).toBe('bytes');
      expect(await files.lookup('/etc/old')).toMatchObject({ mtime: -1, mtimeNs: 500_000_000 });
    });
  });
}
