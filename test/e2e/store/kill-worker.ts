/**
 * One of several processes that work in a store until they are killed: packs, copies in and out, names, removes, prunes, in
 * an order of its own. Ends by itself, with what went wrong on stderr, only where something goes wrong.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageError } from '../../../src/base/errors.ts';
import { copy } from '../../../src/operations/copy.ts';
import { openPacking } from '../../../src/operations/pack.ts';
import { prune, removeFromStore, tag } from '../../../src/operations/store.ts';
import { openImage } from '../../../src/sources.ts';

const [dir = '', seed = '1'] = process.argv.slice(2);
const access = { env: { PARE_HOME: `${dir}/store`, HOME: dir } };

/** mulberry32 */
let state = Number(seed);
function random(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

/** Where the store has none, the registry of that name is asked, and there is none: nothing listens on port 1. */
const name = () => `localhost:1/image${random(5)}`;
const source = () => [`oci:${dir}/sources:v${random(3)}`, `docker-archive:${dir}/source.tar`][random(2)] as string;

const WORK: readonly (() => Promise<unknown>)[] = [
  () => copy({ from: source(), to: name() }, access),
  () => copy({ from: source(), to: name() }, access),
  () => copy({ from: name(), to: `oci:${dir}/shared:v${random(4)}` }, access),
  () => copy({ from: `oci:${dir}/shared:v${random(4)}`, to: name() }, access),
  () => copy({ from: name(), to: `docker-archive:${dir}/out${random(2)}.tar` }, access),
  () => tag(name(), name(), access),
  () => removeFromStore([name()], { force: true }, access),
  () => prune({ cache: random(4) === 0, dryRun: false }, access),
  async () => {
    await using packing = await openPacking({ programs: ['/bin/true'] }, access);
    await packing.save(name());
  },
  async () => {
    await using opened = await openImage(name(), access);
    for (const layer of opened.image.layers) await layer.blob.read(0, 512);
  },
];

const ABSENT = /^the store has no image /;

process.stdout.write('ready\n');
for (;;) {
  try {
    await (WORK[random(WORK.length)] as () => Promise<unknown>)();
  } catch (error) {
    // Names come and go: what is not there (any more) is no fault.
    const isAbsent = error instanceof ImageError && (error.code === 'NOT_FOUND' || ABSENT.test(error.message));
    if (!isAbsent) throw error;
  }
  await sleep(random(5));
}
