import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { imageOf, treeOf, type Workplace, workplace } from '../../test/images.ts';
import { type Digest, digestOf } from '../base/digest.ts';
import { ImageError } from '../base/errors.ts';
import { pieces } from '../base/stream.ts';
import { refName } from '../formats/oci/layout.ts';
import { parseReference, type StoreReference } from '../formats/reference/parse.ts';
import type { FileNode } from '../model/node.ts';
import { prune, removeFromStore, storedImages, tag } from '../operations/store.ts';
import { verifyStore } from '../operations/verify.ts';
import { readFileNode } from '../ports/tree-files.ts';
import { openSink } from '../sinks.ts';
import { openImage, openSource } from '../sources.ts';
import { readIndex } from '../system/layout-directory.ts';
import { copyImage } from '../transforms/copy/copy.ts';
import type { SavedImage } from '../transforms/save/image.ts';
import { saveImage, writeImage } from '../transforms/save/save.ts';
import { cacheDir, leasesDir, storeDirectory, tempDir } from './directory.ts';
import { allBlobs } from './prune.ts';
import { openStore } from './session.ts';
import { openStoreSink } from './sink.ts';

async function save(name: string, text: string, { access }: Workplace): Promise<SavedImage> {
  await using sink = await openSink(name, access);
  return await saveImage(imageOf(treeOf({ '/file': text })), sink);
}

const storeOf = (place: Workplace) => `${place.dir}/store`;
const names = (place: Workplace) => readIndex(storeOf(place)).manifests.map((entry) => refName(entry) ?? '-');
const blobs = (place: Workplace) => new Set(allBlobs(storeOf(place)));
const removing = (place: Workplace, ...references: string[]) =>
  removeFromStore(references, { force: false }, place.access);
const pruning = (place: Workplace) => prune({ cache: false, dryRun: false }, place.access);

/** A reference that a session of its own has opened for writing. */
async function openSession(place: Workplace, name: string) {
  const session = await openStore(storeOf(place), { create: true });
  if (session === undefined) throw new Error('no store');
  return { session, sink: openStoreSink(session, parseReference(name) as StoreReference) };
}

describe('where the store is', () => {
  test.each([
    [{ PARE_HOME: '/a/b/' }, '/a/b'],
    [{ PARE_HOME: '', XDG_DATA_HOME: '/x', HOME: '/h' }, '/x/pare'],
    [{ XDG_DATA_HOME: 'relative', HOME: '/h' }, '/h/.local/share/pare'],
    [{ HOME: '/h' }, '/h/.local/share/pare'],
  ])('%j: %s', (env, dir) => {
    expect(storeDirectory(env)).toBe(dir);
  });

  test('a relative $PARE_HOME would be another store in every directory', () => {
    expect(() => storeDirectory({ PARE_HOME: 'here' })).toThrow(ImageError);
  });
});

describe('names', () => {
  test('are found in every form', async () => {
    await using place = await workplace();
    const { descriptor } = await save('redis:7', 'r', place);
    const hex = descriptor.digest.slice(7);
    for (const name of [
      'redis:7',
      'docker.io/library/redis:7',
      descriptor.digest,
      hex,
      hex.slice(0, 12),
      `x@${descriptor.digest}`,
    ]) {
      await using source = await openSource(name, place.access);
      expect((await source.resolve()).digest, name).toBe(descriptor.digest);
    }
    await expect(openSource(`sha256:${'0'.repeat(64)}`, place.access)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('what it does not hold is asked of the registry, where nobody answers', async () => {
    await using place = await workplace();
    await using source = await openSource('127.0.0.1:1/redis', place.access);
    const message = /^the store has no image 127\.0\.0\.1:1\/redis, and .* 127\.0\.0\.1:1: nothing listens there/;
    await expect(source.resolve()).rejects.toMatchObject({ code: 'IO', message: expect.stringMatching(message) });
  });

  test('an image that loses its name to another stays, without a name, until pruned', async () => {
    await using place = await workplace();
    const first = await save('a', 'one', place);
    await save('a', 'two', place);
    expect(names(place)).toEqual(['-', 'docker.io/library/a:latest']);
    expect(storedImages(place.access.env)[0]).toMatchObject({ name: undefined, digest: first.descriptor.digest });
    await tag(first.descriptor.digest, 'b', place.access);
    expect(names(place)).toEqual(['docker.io/library/a:latest', 'docker.io/library/b:latest']);
  });

  test('are sorted as they are shown', async () => {
    await using place = await workplace();
    for (const name of ['example.com/z:1', 'b-x', 'b:9', 'a/c']) await save(name, name, place);
    expect(storedImages(place.access.env).map(({ name }) => name?.replace('docker.io/', ''))).toEqual([
      'a/c:latest',
      'library/b:9',
      'library/b-x:latest',
      'example.com/z:1',
    ]);
  });

  test('the same image again under its name changes nothing', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    const before = readFileSync(`${storeOf(place)}/index.json`);
    await save('a', 'one', place);
    expect(readFileSync(`${storeOf(place)}/index.json`).equals(before)).toBe(true);
  });

  test('lists filter by repository, by tag, by digest', async () => {
    await using place = await workplace();
    const saved = await save('redis:7', 'x', place);
    await save('redis:8', 'y', place);
    await save('redis-x:7', 'z', place);
    const listed = (name: string) => storedImages(place.access.env, name).length;
    expect([listed('redis'), listed('redis:7'), listed(`redis@${saved.descriptor.digest}`), listed('none')]).toEqual([
      2, 1, 1, 0,
    ]);
  });
});

describe('removing', () => {
  test('a name of several: the image stays', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    await tag('a', 'b', place.access);
    expect(await removing(place, 'a')).toMatchObject([
      { untagged: ['docker.io/library/a:latest'], deleted: undefined },
    ]);
    await using opened = await openImage('b', place.access);
    expect(opened.image.tree.root.names).toEqual(['file']);
  });

  test('the last name: the image goes with what only it needs', async () => {
    await using place = await workplace();
    await save('keep', 'one', place);
    const before = blobs(place);
    const { descriptor } = await save('go', 'two', place);
    const [removed] = await removing(place, 'go');
    expect(removed).toMatchObject({ deleted: descriptor.digest });
    expect(removed?.bytes).toBeGreaterThan(0);
    expect(blobs(place)).toEqual(before);
  });

  test('by digest: with its only name, and not with several unless forced', async () => {
    await using place = await workplace();
    const { descriptor } = await save('a', 'one', place);
    await tag('a', 'b', place.access);
    await expect(removing(place, descriptor.digest)).rejects.toMatchObject({ code: 'CONFLICT' });
    await removeFromStore([descriptor.digest], { force: true }, place.access);
    expect(blobs(place).size).toBe(0);
  });

  test('what is not there', async () => {
    await using place = await workplace();
    await expect(removing(place, 'a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await removeFromStore(['a'], { force: true }, place.access)).toEqual([]);
    expect(existsSync(storeOf(place))).toBe(false);
  });
});

describe('pruning', () => {
  test('removes images without a name and blobs that nothing needs, and says so', async () => {
    await using place = await workplace();
    const first = await save('a', 'one', place);
    await save('a', 'two', place);
    {
      const { session, sink } = await openSession(place, 'never');
      await writeImage(imageOf(treeOf({ '/file': 'never named' })), sink);
      await session[Symbol.asyncDispose]();
    }
    const would = await prune({ cache: false, dryRun: true }, place.access);
    const before = blobs(place).size;
    const pruned = await pruning(place);
    expect(pruned.images).toEqual([first.descriptor.digest]);
    expect(pruned.blobs).toEqual(would.blobs);
    expect(blobs(place).size).toBe(before - pruned.blobs.length);
    expect(pruned.blobs.length).toBe(6);
    expect((await verifyStore(place.access)).problems).toEqual([]);
    await using opened = await openImage('a', place.access);
    expect(opened.image.layers.length).toBe(1);
  });

  test('spares what a living process has written and not named yet', async () => {
    await using place = await workplace();
    const { session, sink } = await openSession(place, 'late');
    const written = await writeImage(imageOf(treeOf({ '/file': 'x' })), sink);
    expect((await pruning(place)).blobs).toEqual([]);
    await sink.commit(written.descriptor);
    await session[Symbol.asyncDispose]();
    await using opened = await openImage('late', place.access);
    expect(opened.descriptor.digest).toBe(written.descriptor.digest);
  });

  test('spares what a living process has found and counts on', async () => {
    await using place = await workplace();
    const saved = await save('a', 'one', place);
    const { session, sink } = await openSession(place, 'b');
    const [layer] = saved.manifest.layers;
    expect(await sink.has(layer as typeof saved.descriptor)).toBe(true);
    await removing(place, 'a');
    await pruning(place);
    expect([...blobs(place)]).toEqual([layer?.digest]);
    await session[Symbol.asyncDispose]();
    await pruning(place);
    expect(blobs(place).size).toBe(0);
  });

  test('spares an image that is being read', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    {
      await using source = await openSource('a', place.access);
      await removing(place, 'a');
      await pruning(place);
      await using sink = await openSink('b', place.access);
      await copyImage(source, sink);
    }
    await using opened = await openImage('b', place.access);
    expect(opened.image.tree.root.names).toEqual(['file']);
  });

  test('spares referrers, and what an index of several platforms speaks of', async () => {
    await using place = await workplace();
    {
      await using sink = await openSink('a', place.access);
      const attachments = [{ artifactType: 'application/vnd.pare.evidence.v1+json', bytes: Buffer.from('{}') }];
      await saveImage(imageOf(treeOf({ '/file': 'x' })), sink, { attachments });
    }
    expect((await pruning(place)).blobs).toEqual([]);
  });

  test('removes what killed processes left behind: files, leases', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    const store = storeOf(place);
    writeFileSync(`${tempDir(store)}/.pare-dead.tmp`, 'half a blob');
    writeFileSync(`${leasesDir(store)}/4711-dead`, `${digestOf('x')}\n`);
    expect((await pruning(place)).bytes).toBe('half a blob'.length);
    expect([...readdirSync(tempDir(store)), ...readdirSync(leasesDir(store))]).toEqual([]);
  });

  test('removes nothing where a manifest is damaged', async () => {
    await using place = await workplace();
    const { descriptor } = await save('a', 'one', place);
    const path = `${storeOf(place)}/blobs/sha256/${descriptor.digest.slice(7)}`;
    const before = blobs(place);
    writeFileSync(path, readFileSync(path).toString().replace('"schemaVersion":2', '"schemaVersion":3'));
    await expect(pruning(place)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(blobs(place)).toEqual(before);
  });
});

describe('at once', () => {
  test('twenty images under twenty names', async () => {
    await using place = await workplace();
    await Promise.all(Array.from({ length: 20 }, (_, i) => save(`image${i}`, `text ${i}`, place)));
    expect(new Set(names(place)).size).toBe(20);
    expect((await verifyStore(place.access)).problems).toEqual([]);
  });

  test('saving, reading, removing and pruning', async () => {
    await using place = await workplace();
    await save('kept', 'kept', place);
    const work = Array.from({ length: 24 }, async (_, i) => {
      const name = `image${i % 4}`;
      if (i % 3 === 0) await pruning(place);
      else if (i % 3 === 1) await save(name, `text ${i % 2}`, place);
      else await removeFromStore([name], { force: true }, place.access);
      await using opened = await openImage('kept', place.access);
      expect(opened.image.tree.root.names).toEqual(['file']);
    });
    await Promise.all(work);
    expect((await verifyStore(place.access)).problems).toEqual([]);
  });
});

describe('verifying', () => {
  test('finds damage of every kind', async () => {
    await using place = await workplace();
    const a = await save('a', 'one', place);
    const b = await save('b', 'two', place);
    const path = (digest: Digest) => `${storeOf(place)}/blobs/sha256/${digest.slice(7)}`;
    const [flipped, gone] = [a.manifest.layers[0]?.digest as Digest, b.manifest.config.digest];
    const bytes = readFileSync(path(flipped));
    bytes[5] = 1;
    writeFileSync(path(flipped), bytes);
    rmSync(path(gone));
    const loose = digestOf('loose');
    writeFileSync(path(loose), 'not that');
    const { problems, images } = await verifyStore(place.access);
    expect(images).toBe(2);
    expect(new Set(problems.map((problem) => problem.digest))).toEqual(new Set([flipped, gone, loose]));
    expect(storedImages(place.access.env).filter((image) => image.damage !== undefined).length).toBe(1);
  });

  test('a store that does not exist is in order', async () => {
    await using place = await workplace();
    expect(await verifyStore(place.access)).toMatchObject({ images: 0, problems: [] });
    expect(existsSync(storeOf(place))).toBe(false);
  });
});

describe('the cache of layers', () => {
  const cached = (place: Workplace) => readdirSync(cacheDir(storeOf(place))).sort();

  test('holds a layer and its entries once; what is being read is not removed', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    const files = await whileOpen(place);
    expect(cached(place)).toEqual(files);
    expect((await prune({ cache: true, dryRun: false }, place.access)).cache?.layers).toBe(1);
    expect(cached(place)).toEqual([]);
  });

  async function whileOpen(place: Workplace): Promise<readonly string[]> {
    await using first = await openImage('a', place.access);
    const files = cached(place);
    expect(files.map((name) => name.replace(/.*\./, ''))).toEqual(['entries', 'tar']);
    await using second = await openImage('a', place.access);
    expect(cached(place)).toEqual(files);
    expect((await prune({ cache: true, dryRun: false }, place.access)).cache?.layers).toBe(0);
    expect(cached(place)).toEqual(files);
    for (const { image } of [first, second]) {
      const [node] = image.tree.root.nodes;
      expect(Buffer.from(await readFileNode(node as FileNode)).toString()).toBe('one');
    }
    return files;
  }

  test('goes with the images: by rm and by prune, unless another image has the layer', async () => {
    await using place = await workplace();
    for (const [name, text] of [
      ['a', 'one'],
      ['b', 'one'],
      ['c', 'two'],
      [`oci:${place.dir}/layout`, 'three'],
    ] as const) {
      await save(name, text, place);
      await using opened = await openImage(name, place.access);
      expect(opened.image.layers.length).toBe(1);
    }
    const layers = () => cached(place).filter((name) => name.endsWith('.tar')).length;
    expect(layers()).toBe(3);
    await removing(place, 'a');
    expect(layers()).toBe(3);
    await removing(place, 'c');
    expect(layers()).toBe(2);
    expect((await prune({ dryRun: true }, place.access)).cache.layers).toBe(1);
    expect((await pruning(place)).cache.layers).toBe(1);
    await using opened = await openImage('b', place.access);
    expect([layers(), opened.image.layers.length]).toEqual([1, 1]);
  });

  test.skipIf(process.getuid?.() === 0)(
    'where it cannot be written to, layers are uncompressed elsewhere',
    async () => {
      await using place = await workplace();
      const layout = `oci:${place.dir}/layout`;
      await save(layout, 'one', place);
      mkdirSync(storeOf(place), { mode: 0o500 });
      {
        await using opened = await openImage(layout, place.access);
        expect(opened.image.tree.root.names).toEqual(['file']);
      }
      expect(place.warnings).toEqual([expect.stringMatching(/cannot be written to/)]);
    },
  );

  test('what was written before the system started is verified, and thrown away where it is not whole', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    await (await openImage('a', place.access))[Symbol.asyncDispose]();
    const [entries, tar] = cached(place).map((name) => `${cacheDir(storeOf(place))}/${name}`) as [string, string];
    const bytes = readFileSync(tar);
    writeFileSync(tar, Buffer.alloc(bytes.length));
    rmSync(entries);
    await using opened = await openImage('a', place.access);
    expect(opened.image.tree.root.names).toEqual(['file']);
    expect(readFileSync(tar).equals(bytes)).toBe(true);
  });

  test('a file of entries that is not whole is made again', async () => {
    await using place = await workplace();
    await save('a', 'one', place);
    await (await openImage('a', place.access))[Symbol.asyncDispose]();
    const [entries] = cached(place).map((name) => `${cacheDir(storeOf(place))}/${name}`) as [string];
    const bytes = readFileSync(entries);
    for (const damaged of [bytes.subarray(0, bytes.length - 3), Buffer.from(''), Buffer.concat([bytes, bytes])]) {
      writeFileSync(entries, damaged);
      await using opened = await openImage('a', place.access);
      expect(opened.image.tree.root.names).toEqual(['file']);
    }
  });

  test('an uncompressed layer is read where it lies, and scanned once', async () => {
    await using place = await workplace();
    const archive = `docker-archive:${place.dir}/a.tar`;
    {
      await using sink = await openSink(archive, place.access);
      await saveImage(imageOf(treeOf({ '/file': 'x' })), sink);
    }
    for (const _ of [1, 2]) {
      await using opened = await openImage(archive, place.access);
      expect(opened.image.tree.root.names).toEqual(['file']);
      expect(cached(place).filter((name) => name.endsWith('.tar'))).toEqual([]);
      expect(cached(place).length).toBe(1);
    }
    // Another file of the same bytes is another file: it is read again.
    const path = `${place.dir}/a.tar`;
    const bytes = readFileSync(path);
    bytes[512 + 512] = 0x79;
    writeFileSync(path, bytes);
    utimesSync(path, 1, 1);
    await expect(openImage(archive, place.access)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });
});

test('other tools may leave their entries in the index', async () => {
  await using place = await workplace();
  await save('a', 'one', place);
  const path = `${storeOf(place)}/index.json`;
  const index = JSON.parse(readFileSync(path, 'utf8'));
  const [entry] = index.manifests;
  index.manifests.push({ ...entry, annotations: { 'org.opencontainers.image.ref.name': 'odd name!' } });
  writeFileSync(path, JSON.stringify(index));
  expect(storedImages(place.access.env).map((image) => image.name)).toContain('odd name!');
  await save('b', 'two', place);
  expect(names(place)).toContain('odd name!');
});

test('a directory in the way of the store is said to be', async () => {
  await using place = await workplace();
  mkdirSync(place.dir, { recursive: true });
  writeFileSync(`${place.dir}/store`, 'a file');
  await expect(save('a', 'one', place)).rejects.toMatchObject({ hint: /PARE_HOME/ });
  expect(statSync(`${place.dir}/store`).isFile()).toBe(true);
});

test('bytes that fail leave no temporary file', async () => {
  await using place = await workplace();
  const { session, sink } = await openSession(place, 'x');
  const wrong = { mediaType: 'a/b', digest: digestOf('x'), size: 1 };
  await expect(sink.push(wrong, pieces(Buffer.from('y')))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(readdirSync(tempDir(storeOf(place)))).toEqual([]);
  await session[Symbol.asyncDispose]();
  expect(readdirSync(leasesDir(storeOf(place)))).toEqual([]);
});
