/**
 * Layers that pare writes, read by GNU tar: it lists them without a warning and says of each entry what the tree says;
 * extracted as root they have the tree's modes, owners, times, attributes, devices, links and bytes.
 */
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeName } from '../../src/base/names.ts';
import { bytesContent, type Content } from '../../src/model/content.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import { writeLayer } from '../../src/model/layer/write.ts';
import type { Leaf, Meta } from '../../src/model/node.ts';
import { type Tree, walk } from '../../src/model/tree.ts';
import { readXattrs, splitDevice } from '../../src/system/linux.ts';
import { collect, memoryBlob } from '../bytes.ts';

const here = spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar') ?? false;
if (!here) process.stderr.write('skipped: GNU tar is not here\n');
if (!here && process.env['CI'] !== undefined) throw new Error('GNU tar is needed for the tests');
const root = process.getuid?.() === 0;

const scratch = mkdtempSync(join(tmpdir(), 'pare-written-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function makeTree(): Tree {
  const editor = new TreeEditor();
  const common = (mode: number, more: Partial<Meta> = {}) => ({
    meta: { mode, uid: 0, gid: 0, ...more },
    mtime: 1_600_000_000,
    mtimeNs: 0,
    link: undefined,
  });
  const file = (content: Content | string, mode = 0o644, more: Partial<Meta> = {}): Leaf => ({
    kind: 'file',
    ...common(mode, more),
    content: typeof content === 'string' ? bytesContent(content) : content,
  });
  editor.putDir('/', { kind: 'dir', ...common(0o755) });
  editor.putDir('/tmp', { kind: 'dir', ...common(0o1777) });
  editor.put('/plain', file('hello'));
  editor.put('/setuid', file('#!', 0o6755));
  editor.put('/owner', file('', 0o600, { uid: 3_000_000_000, gid: 4_294_967_294 }));
  editor.put('/K\u00f6ln \u{1f600}', file('utf-8'));
  editor.put('/not utf-8 \udce4\udcff', file('bytes'));
  editor.put(`/${'long/'.repeat(40)}${'\udcff'.repeat(200)}`, file('deep'));
  editor.put('/old', { ...file('old'), mtime: -1, mtimeNs: 250_000_000 });
  editor.put('/fine', { ...file('fine'), mtimeNs: 123_456_789 });
  editor.put('/far', { ...file('far'), mtime: 10_000_000_000, mtimeNs: 1 });
  editor.put('/symlink', { kind: 'symlink', ...common(0o777), target: '../'.repeat(60) });
  editor.put('/null', { kind: 'char', ...common(0o666), major: 1, minor: 3 });
  editor.put('/disk', { kind: 'block', ...common(0o660), major: 259, minor: 70_000 });
  editor.put('/pipe', { kind: 'fifo', ...common(0o600) });
  const linked = { ...file('linked'), link: { link: true } as const };
  for (const name of ['one', 'two', 'three']) editor.put(`/${name}`, linked);
  const xattrs = new Map<string, Uint8Array>([['user.pare=%3D', Uint8Array.of(0, 255, 10)]]);
  if (root) xattrs.set('security.capability', Buffer.from('0100000200040000000000000000000000000000', 'hex'));
  editor.put('/attributes', { ...file('x', 0o755, { xattrs }), link: { link: true } });
  const blob = memoryBlob(Buffer.alloc(300_000, 'data'));
  editor.put(
    '/sparse',
    file({ kind: 'sparse', blob, size: 1_000_000, extents: [{ at: 500_000, offset: 7, size: 200_000 }] }),
  );
  return editor.done();
}

const MODES: Record<string, string> = { file: '-', dir: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p' };

describe.skipIf(!here)('a layer that pare wrote', () => {
  const tree = makeTree();
  const archive = join(scratch, 'layer.tar');
  const tar = (...args: string[]) =>
    spawnSync('tar', args, { encoding: 'utf8', env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' } });

  it('is listed by GNU tar, every entry, without a word on stderr', async () => {
    writeFileSync(archive, await collect(writeLayer(tree)));
    const { stdout, stderr, status } = tar('-tvf', archive, '--numeric-owner');
    expect(stderr).toBe('');
    expect(status).toBe(0);
    // Of the three linked files, "one" is the first by name and so the file.
    const letters = [...walk(tree)].map(({ path, node }) => (/^\/t(wo|hree)$/.test(path) ? 'h' : MODES[node.kind]));
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line[0]),
    ).toEqual(letters);
  });

  it.skipIf(!root)('is extracted by GNU tar as the tree is', async () => {
    writeFileSync(archive, await collect(writeLayer(tree)));
    const out = mkdtempSync(join(scratch, 'out-'));
    const { stderr, status } = tar(
      '--warning=no-timestamp',
      '-xpf',
      archive,
      '-C',
      out,
      '--xattrs',
      '--xattrs-include=*',
      '--numeric-owner',
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
    let inode: bigint | undefined;
    for (const { path, node } of walk(tree)) {
      const real = Buffer.concat([Buffer.from(out), encodeName(path)]);
      const stats = lstatSync(real, { bigint: true });
      expect(stats.mtimeNs, path).toBe(BigInt(node.mtime) * 1_000_000_000n + BigInt(node.mtimeNs));
      expect([stats.uid, stats.gid], path).toEqual([BigInt(node.meta.uid), BigInt(node.meta.gid)]);
      if (node.kind !== 'symlink') expect(stats.mode & 0o7777n, path).toBe(BigInt(node.meta.mode));
      if (node.kind === 'symlink') expect(readlinkSync(real)).toBe(node.target);
      if (node.kind === 'char' || node.kind === 'block') {
        expect(splitDevice(stats.rdev)).toEqual({ major: node.major, minor: node.minor });
      }
      if (node.kind === 'file') expect(Number(stats.size), path).toBe(node.content.size);
      const attributes = [...(readXattrs(real) ?? [])].map(([name, value]) => [
        name,
        Buffer.from(value).toString('hex'),
      ]);
      const wanted = [...(node.meta.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString('hex')]);
      expect(new Map(attributes as [string, string][]), path).toEqual(new Map(wanted as [string, string][]));
      if (['/one', '/two', '/three'].includes(path)) {
        inode ??= stats.ino;
        expect([stats.ino, stats.nlink]).toEqual([inode, 3n]);
      }
    }
    const sparse = readFileSync(join(out, 'sparse'));
    const data = Buffer.alloc(300_000, 'data').subarray(7, 200_007);
    expect(sparse.equals(Buffer.concat([Buffer.alloc(500_000), data, Buffer.alloc(300_000)]))).toBe(true);
  });
});
