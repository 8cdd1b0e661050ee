import { mkdir, mkdtempDisposable, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asDiffId, digestOf } from '../base/digest.ts';
import { removeRoot, rootsOnDisk, sandboxDirectories, unpackedRoot } from './roots.ts';
import { makeRunDirectory } from './state.ts';

async function store() {
  const directory = await mkdtempDisposable(join(tmpdir(), 'pare-roots-'));
  const directories = sandboxDirectories(directory.path);
  let unpacked = 0;
  const unpack = async (path: string) => {
    unpacked++;
    await mkdir(path);
    await writeFile(join(path, 'file'), 'x');
  };
  return {
    directories,
    unpack,
    count: () => unpacked,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

const layers = (name: string) => [asDiffId(digestOf(name))];

test('the same layers are unpacked once', async () => {
  await using place = await store();
  await using first = await unpackedRoot(place.directories, layers('a'), place.unpack);
  await using second = await unpackedRoot(place.directories, layers('a'), place.unpack);
  await using other = await unpackedRoot(place.directories, layers('b'), place.unpack);
  expect(second.path).toBe(first.path);
  expect(other.path).not.toBe(first.path);
  expect(await readdir(first.path)).toEqual(['file']);
  expect(place.count()).toBe(2);
});

test('at the same time, too', async () => {
  await using place = await store();
  const roots = await Promise.all([1, 2, 3].map(() => unpackedRoot(place.directories, layers('a'), place.unpack)));
  expect(new Set(roots.map(({ path }) => path)).size).toBe(1);
  expect(await readdir(place.directories.roots)).toHaveLength(1);
  expect(await readdir(place.directories.state)).toEqual([]);
});

test('a root that is nobody’s layers is gone at the end', async () => {
  await using place = await store();
  {
    await using root = await unpackedRoot(place.directories, undefined, place.unpack);
    expect(await readdir(root.path)).toEqual(['file']);
  }
  expect(await readdir(place.directories.state)).toEqual([]);
});

test('a failure leaves nothing, and the next attempt succeeds', async () => {
  await using place = await store();
  const failing = async (path: string) => {
    await place.unpack(path);
    throw new Error('disk full');
  };
  await expect(unpackedRoot(place.directories, layers('a'), failing)).rejects.toThrow('disk full');
  expect(await readdir(place.directories.state)).toEqual([]);
  await using root = await unpackedRoot(place.directories, layers('a'), place.unpack);
  expect(await readdir(root.path)).toEqual(['file']);
});

test('the eight most recently used are kept, and those that something runs on', async () => {
  await using place = await store();
  const paths: string[] = [];
  for (let i = 0; i < 8; i++) {
    await using root = await unpackedRoot(place.directories, layers(`${i}`), place.unpack);
    paths.push(root.path);
    await utimes(join(root.path, '..'), i, i);
  }
  await using running = await makeRunDirectory(place.directories.state);
  await symlink(paths[0]!, join(running.path, 'lower'));
  await using _ = await unpackedRoot(place.directories, layers('1'), place.unpack);
  for (const name of ['x', 'y']) {
    await using __ = await unpackedRoot(place.directories, layers(name), place.unpack);
  }
  // "0" is the oldest and in use; "1" was used again; "2" had to go.
  const left = (await readdir(place.directories.roots)).map((name) => join(place.directories.roots, name, 'rootfs'));
  expect(left).toContain(paths[0]);
  expect(left).toContain(paths[1]);
  expect(left).not.toContain(paths[2]);
  const kept = await rootsOnDisk(place.directories);
  expect(kept).toHaveLength(9);
  const removed = await Promise.all(kept.map(({ path }) => removeRoot(place.directories, path)));
  expect(removed).toEqual(kept.map(({ inUse }) => !inUse));
  expect(await rootsOnDisk(place.directories)).toMatchObject([{ path: join(paths[0]!, '..'), inUse: true }]);
});
