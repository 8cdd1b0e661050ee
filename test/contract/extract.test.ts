/** Extracting into real directories: layers of other projects' tables, what is there already, and ways out. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields } from '../../src/formats/tar/encode.ts';
import { EMPTY_CONTENT } from '../../src/model/content.ts';
import { TreeEditor } from '../../src/model/editor.ts';
import { FILE_META, IMPLICIT_DIR } from '../../src/model/node.ts';
import { type Tree, walk } from '../../src/model/tree.ts';
import { type ExtractRequest, extract } from '../../src/operations/extract.ts';
import type { NewLayer } from '../../src/ports/new-image.ts';
import { openSink } from '../../src/sinks.ts';
import { openRoot } from '../../src/sources.ts';
import { saveImage } from '../../src/transforms/save/save.ts';
import { memoryBlob } from '../bytes.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../images.ts';
import { type Listed, listingOfTree, treeOfListing } from '../listing.ts';
import { sharedFixture } from '../shared.ts';

const isRoot = process.getuid?.() === 0;

async function save(layers: readonly NewLayer[], { access }: Workplace): Promise<void> {
  await using sink = await openSink('image', access);
  await saveImage(imageOf(treeOf({}), { layers }), sink, { compression: 'none' });
}

const made = (content: Tree): NewLayer => ({ kind: 'made', content });
const tar = (bytes: Uint8Array): NewLayer => ({ kind: 'tar', blob: memoryBlob(bytes), size: bytes.length });

function tarOf(...headers: Pick<HeaderFields, 'kind' | 'name' | 'linkname'>[]): Uint8Array {
  const common = {
    mode: 0o755,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    size: 0,
    mtime: 0,
    mtimeNs: 0,
  };
  return Buffer.concat([...headers.map((header) => encodeHeader({ ...header, ...common })), END_OF_ARCHIVE]);
}

function into(place: Workplace, request: Partial<ExtractRequest> = {}) {
  const all = {
    reference: 'image',
    directory: `${place.dir}/outside/in/root`,
    paths: [],
    existing: 'refuse',
    ...request,
  } as const;
  return extract(all, place.access);
}

/** What is on the disk, read without pare. */
function listed(dir: string, below = ''): string[] {
  return readdirSync(dir + below).flatMap((name) => {
    const path = `${below}/${name}`;
    const stats = lstatSync(dir + path);
    if (stats.isDirectory()) return [`${path}/`, ...listed(dir, path)];
    if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(dir + path)}`];
    return [stats.isFile() ? `${path} ${readFileSync(dir + path, 'utf8')}`.trimEnd() : path];
  });
}

const containerd = sharedFixture('containerd-apply');

describe.skipIf(containerd === undefined || !isRoot)('layers as containerd applies them, on a disk', () => {
  const casesOf = (group: string) => {
    const names = containerd === undefined ? [] : readdirSync(`${containerd}/${group}`);
    return names.map((name) => ({ name, dir: `${containerd}/${group}/${name}` }));
  };
  const json = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Listed[] | null;
  const byPath = (listing: readonly Listed[]) => Object.fromEntries(listing.map((one) => [one.path, one]));
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

  /** Of the files below only digests are known: others of their sizes stand for them. */
  function standIns(listing: readonly Listed[] | null): { tree: Tree; digests: Map<string | undefined, string> } {
    const editor = new TreeEditor(treeOfListing(listing));
    const digests = new Map<string | undefined, string>();
    for (const { path, sha256: digest, size = 0, type } of listing ?? []) {
      const node = editor.get(`/${path}`);
      if (type !== 'file' || node?.kind !== 'file') continue;
      const bytes = Buffer.alloc(size, digest ?? '');
      digests.set(digest, sha256(bytes));
      editor.put(`/${path}`, { ...node, content: { kind: 'bytes', bytes, size } });
    }
    return { tree: editor.done(), digests };
  }

  async function onDisk(place: Workplace): Promise<Record<string, Listed>> {
    expect(readdirSync(`${place.dir}/outside`)).toEqual(['in']);
    expect(readdirSync(`${place.dir}/outside/in`)).toEqual(['root']);
    await using root = await openRoot(`rootfs:${place.dir}/outside/in/root`, place.access);
    return byPath(await listingOfTree(await root.tree()));
  }

  test.each([...casesOf('TestApplyTar'), ...casesOf('TestBreakouts')])('$name', async ({ dir }) => {
    await using place = await workplace();
    const { tree, digests } = standIns(json(`${dir}/base.json`));
    await save([made(tree), tar(readFileSync(`${dir}/layer.tar`))], place);
    if (existsSync(`${dir}/expected-error.txt`)) {
      await expect(into(place)).rejects.toMatchObject({ name: 'ImageError' });
      expect(existsSync(`${place.dir}/outside`)).toBe(false);
      return;
    }
    await into(place);
    const expected = (json(`${dir}/expected.json`) ?? []).map((one) => {
      const digest = digests.get(one.sha256);
      return digest === undefined ? one : { ...one, sha256: digest };
    });
    expect(await onDisk(place)).toEqual(byPath(expected));
  });

  test.each(casesOf('fssuite'))('$name', async ({ dir }) => {
    const count = readdirSync(dir).filter((name) => name.startsWith('layer-')).length;
    for (let last = 0; last < count; last++) {
      await using place = await workplace();
      await save(
        Array.from({ length: last + 1 }, (_, i) => tar(readFileSync(`${dir}/layer-${i}.tar`))),
        place,
      );
      await into(place);
      expect(await onDisk(place)).toEqual(byPath(json(`${dir}/expected-${last}.json`) ?? []));
    }
  });
});

const umoci = sharedFixture('umoci-tables');

describe.skipIf(umoci === undefined)('paths and links that want out, as in the tables of umoci', () => {
  const table = (name: string): [string, string][] =>
    umoci === undefined ? [] : JSON.parse(readFileSync(`${umoci}/${name}.json`, 'utf8'));

  test.each(table('TestUnpackEntrySanitiseScoping'))('%s', async (_name, prefix) => {
    await using place = await workplace();
    await save([tar(tarOf({ kind: 'fifo', name: `${prefix}/file` }))], place);
    await into(place);
    expect(listed(`${place.dir}/outside`)).toEqual(['/in/', '/in/root/', '/in/root/file']);
  });

  test.each(table('TestUnpackEntrySymlinkScoping'))('a link: %s', async (_name, prefix) => {
    await using place = await workplace();
    const layer = tarOf({ kind: 'symlink', name: 'link', linkname: prefix }, { kind: 'fifo', name: 'link/file' });
    await save([tar(layer)], place);
    await into(place);
    expect(listed(`${place.dir}/outside`)).toEqual([
      '/in/',
      '/in/root/',
      '/in/root/file',
      `/in/root/link -> ${prefix}`,
    ]);
  });
});

const OWN = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** With the user's own files, so that nobody is warned. */
function own(files: Readonly<Record<string, string>>): Tree {
  const editor = new TreeEditor(treeOf(files, OWN));
  for (const { path, node } of walk(editor.done())) {
    if (node.kind === 'dir') editor.putDir(path, { ...IMPLICIT_DIR, meta: { ...OWN, mode: 0o755 }, mtime: 5 });
  }
  return editor.done();
}

describe('a directory that has something in it', () => {
  async function there(tree: Tree): Promise<Workplace & { readonly root: string }> {
    const place = await workplace();
    const root = `${place.dir}/outside/in/root`;
    mkdirSync(`${root}/etc`, { recursive: true });
    writeFileSync(`${root}/etc/mine`, 'mine');
    writeFileSync(`${root}/etc/theirs`, 'old');
    await save([made(tree)], place);
    return { ...place, root };
  }
  const IMAGE = own({ '/etc/theirs': 'new', '/etc/sub/deep': 'deep', '/top': 'top' });
  const BEFORE = ['/etc/', '/etc/mine mine', '/etc/theirs old'];
  const AFTER = ['/etc/', '/etc/mine mine', '/etc/sub/', '/etc/sub/deep deep', '/etc/theirs new', '/top top'];

  test('is refused', async () => {
    await using place = await there(IMAGE);
    await expect(into(place)).rejects.toMatchObject({ code: 'CONFLICT', hint: /--merge/ });
    expect(listed(place.root)).toEqual(BEFORE);
  });

  test('is joined on demand: files are replaced, not written into; directories keep their attributes', async () => {
    await using place = await there(IMAGE);
    linkSync(`${place.root}/etc/theirs`, `${place.dir}/other-name`);
    const before = statSync(`${place.root}/etc`).mode;
    expect(await into(place, { existing: 'merge' })).toEqual({ entries: 5, size: 10 });
    expect(listed(place.root)).toEqual(AFTER);
    expect(readFileSync(`${place.dir}/other-name`, 'utf8')).toBe('old');
    expect(statSync(`${place.root}/etc`).mode).toBe(before);
    expect(statSync(`${place.root}/etc/sub`).mtimeMs).toBe(5000);
    expect(place.warnings).toEqual([]);
  });

  test('takes some paths alone', async () => {
    await using place = await there(IMAGE);
    await into(place, { existing: 'merge', paths: ['etc/theirs'] });
    expect(listed(place.root)).toEqual(['/etc/', '/etc/mine mine', '/etc/theirs new']);
    await expect(into(place, { existing: 'merge', paths: ['gone'] })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test("a link in a directory's place is an obstacle, and nothing goes through it", async () => {
    await using place = await there(own({ '/var/file': 'x', '/etc/theirs': 'new' }));
    symlinkSync('../..', `${place.root}/var`);
    await expect(into(place, { existing: 'merge' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/root\/var/),
    });
    expect(listed(`${place.dir}/outside`)).toEqual([
      '/in/',
      '/in/root/',
      ...BEFORE.map((line) => `/in/root${line}`),
      '/in/root/var -> ../..',
    ]);
    await into(place, { existing: 'replace' });
    expect(listed(`${place.dir}/outside`)).toEqual([
      '/in/',
      '/in/root/',
      '/in/root/etc/',
      '/in/root/etc/mine mine',
      '/in/root/etc/theirs new',
      '/in/root/var/',
      '/in/root/var/file x',
    ]);
  });

  test("a link in a file's place is replaced, and what it leads to stays", async () => {
    await using place = await there(own({ '/etc/link': 'image' }));
    writeFileSync(`${place.dir}/outside/secret`, 'secret');
    symlinkSync(`${place.dir}/outside/secret`, `${place.root}/etc/link`);
    await into(place, { existing: 'merge' });
    expect(readFileSync(`${place.dir}/outside/secret`, 'utf8')).toBe('secret');
    expect(listed(place.root)).toContain('/etc/link image');
  });

  test("a directory in a file's place is an obstacle, unless it is forced", async () => {
    await using place = await there(own({ '/etc': 'a file now' }));
    await expect(into(place, { existing: 'merge' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(listed(place.root)).toEqual(BEFORE);
    await into(place, { existing: 'replace' });
    expect(listed(place.root)).toEqual(['/etc a file now']);
  });

  test('a failure leaves what was there', async () => {
    const editor = new TreeEditor(IMAGE);
    editor.put(`/${'n'.repeat(256)}`, {
      kind: 'file',
      meta: FILE_META,
      mtime: 0,
      mtimeNs: 0,
      link: undefined,
      content: EMPTY_CONTENT,
    });
    await using place = await there(editor.done());
    for (const existing of ['merge', 'replace'] as const) {
      await expect(into(place, { existing })).rejects.toMatchObject({ code: 'IO', message: /ENAMETOOLONG/ });
      expect(listed(place.root)).toEqual(BEFORE);
    }
    const directory = `${place.dir}/new/one`;
    await expect(into(place, { directory })).rejects.toMatchObject({ code: 'IO' });
    expect(existsSync(directory)).toBe(false);
  });
});
