/**
 * `kill -9` at random moments: four processes work in one store, one of them is killed and replaced, again and again. The
 * store stays whole all the time, and the next run does what it is asked.
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { imageEntries, refName } from '../../../src/formats/oci/layout.ts';
import { copy } from '../../../src/operations/copy.ts';
import { openPacking } from '../../../src/operations/pack.ts';
import { prune } from '../../../src/operations/store.ts';
import { verifyReference, verifyStore } from '../../../src/operations/verify.ts';
import { openSink } from '../../../src/sinks.ts';
import { openImage } from '../../../src/sources.ts';
import { readIndex } from '../../../src/system/layout-directory.ts';
import { saveImage } from '../../../src/transforms/save/save.ts';
import { imageOf, treeOf, type Workplace, workplace } from '../../images.ts';

/** `KILLS=1000` for a longer run. */
const KILLS = Number(process.env['KILLS'] ?? 200);
const PROCESSES = 4;
const WORKER = new URL('kill-worker.ts', import.meta.url).pathname;

/** Bytes that do not compress, so that writing them takes a while; always the same. */
function noise(size: number, seed: number): Uint8Array {
  const out = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    out[i] = state >>> 16;
  }
  return out;
}

async function prepare({ dir, access }: Workplace): Promise<void> {
  const shared = treeOf({ '/shared': noise(3_000_000, 1) });
  for (const [i, reference] of [0, 1, 2].map((i) => [i, `oci:${dir}/sources:v${i}`] as const)) {
    await using sink = await openSink(reference, access);
    const own = treeOf({ [`/own${i}`]: noise(1_000_000, i + 2) });
    await saveImage(imageOf(own, { layers: [shared, own].map((content) => ({ kind: 'made', content })) }), sink);
  }
  await copy({ from: `oci:${dir}/sources:v0`, to: `docker-archive:${dir}/source.tar:x` }, access);
}

interface Worker {
  readonly child: ChildProcess;
  /** Once it works: a process that is killed while it starts tells nothing. */
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  errors(): string;
}

function start(dir: string, seed: number): Worker {
  const child = spawn(process.execPath, [WORKER, dir, String(seed)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const errors: Buffer[] = [];
  child.stderr?.on('data', (piece: Buffer) => errors.push(piece));
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const ready = new Promise<void>((resolve) => child.stdout?.on('data', () => resolve()));
  return { child, ready: Promise.race([ready, ended]), ended, errors: () => Buffer.concat(errors).toString() };
}

/** One process after the other, each killed at a random moment of its work. */
async function lane(dir: string, lane: number, kills: number): Promise<void> {
  for (let i = 0; i < kills; i++) {
    const worker = start(dir, lane * 10_000 + i);
    await worker.ready;
    await sleep(Math.random() * 700);
    expect(worker.child.exitCode, worker.errors()).toBeNull();
    worker.child.kill('SIGKILL');
    await worker.ended;
  }
}

test(`${KILLS} kills of ${PROCESSES} processes leave a store that is whole`, { timeout: 1_800_000 }, async () => {
  await using place = await workplace();
  const { dir, access } = place;
  await prepare(place);
  let working = true;
  const lanes = Promise.all(Array.from({ length: PROCESSES }, (_, i) => lane(dir, i + 1, KILLS / PROCESSES)));
  const watch = async () => {
    for (; working; await sleep(3000)) expect((await verifyStore(access)).problems).toEqual([]);
  };
  await Promise.all([lanes.finally(() => (working = false)), watch()]);

  // Whole, and what was left behind goes with the next prune.
  expect((await verifyStore(access)).problems).toEqual([]);
  await prune({ cache: false, dryRun: false }, access);
  const store = `${dir}/store`;
  expect([...readdirSync(`${store}/tmp`), ...readdirSync(`${store}/leases`)]).toEqual([]);
  expect(readdirSync(store).filter((name) => name.startsWith('.pare-'))).toEqual([]);
  expect((await verifyStore(access)).unneeded).toEqual([]);

  // The layout that all wrote to has no entry that cannot be read.
  if (existsSync(`${dir}/shared/index.json`)) {
    for (const entry of imageEntries(readIndex(`${dir}/shared`))) {
      expect((await verifyReference(`oci:${dir}/shared:${refName(entry)}`, access)).problems).toEqual([]);
    }
  }

  // And the next run of everything succeeds.
  await copy({ from: `docker-archive:${dir}/source.tar`, to: 'after' }, access);
  await copy({ from: 'after', to: `oci:${dir}/shared:after` }, access);
  {
    await using packing = await openPacking({ programs: ['/bin/true'] }, access);
    await packing.save('packed');
  }
  for (const name of ['after', 'packed']) {
    await using opened = await openImage(name, access);
    expect(opened.image.layers.length).toBeGreaterThan(0);
  }
  expect((await verifyStore(access)).problems).toEqual([]);
});
