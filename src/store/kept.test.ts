import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { treeOf } from '../../test/trees.ts';
import { type DiffId, digestOf } from '../base/digest.ts';
import { writeLayer } from '../model/layer/write.ts';
import { prune } from '../operations/store.ts';
import { buildCacheDir, openBuildMemo, touchMemo } from './build-memo.ts';
import { cacheDir } from './directory.ts';
import { keptInStore } from './kept.ts';
import { openLayerCache } from './layer-cache.ts';

const CREATED = '2001-02-03T04:05:06Z';
const [KEY, IDLE, LOST] = ['a', 'b', 'c'].map((text) => digestOf(text)) as [DiffId, DiffId, DiffId];

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pare-kept-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A step with a layer, one that changed nothing, one whose layer is gone; and a layer that nobody speaks of. */
async function filled(): Promise<{ readonly made: DiffId; readonly foreign: DiffId }> {
  await using layers = openLayerCache(cacheDir(dir));
  const add = async (text: string) => (await layers.add(writeLayer(treeOf(text)))).diffId;
  const [made, foreign] = [await add('/made x'), await add('/foreign x')];
  const memo = openBuildMemo(buildCacheDir(dir));
  await memo.put(KEY, { diffId: made, created: CREATED });
  await memo.put(IDLE, { diffId: undefined, created: CREATED });
  await memo.put(LOST, { diffId: LOST, created: CREATED });
  return { made, foreign };
}

const look = async () =>
  (await keptInStore(dir, undefined)).map(({ kind, id, inUse, stale }) => ({ kind, id, inUse, stale }));

const short = (digest: string) => digest.slice(7, 19);

test('what is of use, and what is in use', async () => {
  const { made, foreign } = await filled();
  const step = { kind: 'step', inUse: false, stale: false };
  const layer = { kind: 'layer', inUse: false, stale: false };
  const rest = [
    { ...step, id: short(IDLE) },
    { ...step, id: short(LOST), stale: true },
    { ...layer, id: short(foreign), stale: true },
  ];
  const sorted = (list: readonly object[]) =>
    list.map((one) => JSON.stringify(one, ['kind', 'id', 'inUse', 'stale'])).sort();
  expect(sorted(await look())).toEqual(sorted([...rest, { ...step, id: short(KEY) }, { ...layer, id: short(made) }]));
  await using layers = openLayerCache(cacheDir(dir));
  await layers.get(made);
  const used = [
    { ...step, id: short(KEY), inUse: true },
    { ...layer, id: short(made), inUse: true },
  ];
  expect(sorted(await look())).toEqual(sorted([...rest, ...used]));
  const all = await keptInStore(dir, undefined);
  expect(await Promise.all(all.filter(({ kind }) => kind === 'layer').map((one) => one.remove()))).toEqual(
    all.filter(({ kind }) => kind === 'layer').map(({ inUse }) => !inUse),
  );
  expect(readdirSync(cacheDir(dir)).sort()).toEqual([`sha256-${made.slice(7)}.entries`, `sha256-${made.slice(7)}.tar`]);
});

test('sizes are du’s, times those of the last use', async () => {
  await filled();
  touchMemo(buildCacheDir(dir), [KEY, digestOf('unknown')], new Date(1e12));
  const kept = await keptInStore(dir, undefined);
  expect(kept.find(({ id }) => id === short(KEY))?.used).toBe(1e12);
  const du = (path: string) => Number.parseInt(execFileSync('du', ['-sB1', '-S', path], { encoding: 'utf8' }), 10);
  const own = (path: string) =>
    Number.parseInt(execFileSync('stat', ['-c', '%b', path], { encoding: 'utf8' }), 10) * 512;
  for (const [kind, path] of [
    ['layer', cacheDir(dir)],
    ['step', `${buildCacheDir(dir)}/steps`],
  ] as const) {
    const bytes = kept.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.bytes, 0);
    expect(bytes).toBe(du(path) - own(path));
  }
});

test('pruning images leaves layers that builds remember, unless all cached ones are to go', async () => {
  const { made } = await filled();
  const access = { env: { PARE_HOME: dir } };
  const layers = () => readdirSync(cacheDir(dir)).filter((name) => name.endsWith('.tar'));
  await prune({}, access);
  expect(layers()).toEqual([`sha256-${made.slice(7)}.tar`]);
  await prune({ cache: true }, access);
  expect(layers()).toEqual([]);
});
