/**
 * Memory that a tree of a million entries takes: per entry, in bytes of heap after collection (the bound is 250), and of RSS at
 * the peak while the tree is built from a layer's archive as it streams by (the bound is 500). Exit status 1 where a bound is
 * exceeded. Options: `--entries N`.
 *
 * The archive is made up as it is read: one directory for ten files, names of 5 to 35 characters, every file a slice of the
 * one layer, one in fifty a hard link.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { END_OF_ARCHIVE, encodeHeader, type HeaderFields } from '../src/formats/tar/encode.ts';
import { applyLayer } from '../src/model/anchor.ts';
import type { Blob } from '../src/model/content.ts';
import type { LayerEntry } from '../src/model/layer/entry.ts';
import { LayerStream } from '../src/model/layer/read.ts';
import { EMPTY_TREE, walk } from '../src/model/tree.ts';
import { keepNewSpaceSmall } from '../src/system/heap.ts';

const HEAP_BOUND = 250;
const RSS_BOUND = 500;

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } });
const wanted = Number(values.entries);

async function measure(collect: () => void): Promise<void> {
  // As the command line does.
  keepNewSpaceSmall();
  const settledHeap = async () => {
    for (let i = 0; i < 3; i++) {
      collect();
      await setImmediate();
    }
    return process.memoryUsage().heapUsed;
  };
  const heapBefore = await settledHeap();
  const rssBefore = process.memoryUsage().rss;
  const start = performance.now();
  let layer: Awaited<ReturnType<typeof applyLayer>> | undefined = await applyLayer(EMPTY_TREE, entries());
  const seconds = (performance.now() - start) / 1000;
  const peak = process.resourceUsage().maxRSS * 1024;
  const withChanges = (await settledHeap()) - heapBefore;
  const tree = layer.tree;
  layer = undefined;
  const heap = (await settledHeap()) - heapBefore;
  let count = 0;
  const walkStart = performance.now();
  for (const _ of walk(tree)) count++;
  const walkSeconds = (performance.now() - walkStart) / 1000;

  const each = (bytes: number) => `${(bytes / count).toFixed(0)} bytes an entry`;
  console.log(`${count} entries, built in ${seconds.toFixed(2)} s, walked in ${walkSeconds.toFixed(2)} s`);
  console.log(`heap of the tree             ${each(heap)} (bound ${HEAP_BOUND})`);
  console.log(`heap of tree and changeset   ${each(withChanges)}`);
  console.log(`peak RSS while building      ${each(peak)} (bound ${RSS_BOUND}), of it ${each(rssBefore)} before`);
  if (heap / count > HEAP_BOUND || peak / count > RSS_BOUND) process.exitCode = 1;
}

async function* entries(): AsyncGenerator<LayerEntry> {
  const stream = new LayerStream(BLOB);
  for (const piece of archive()) yield* stream.push(piece);
  stream.end();
}

/** Its bytes are never asked for. */
const BLOB: Blob = {
  id: 'layer',
  read: () => Promise.reject(new Error('bug: nobody reads here')),
  stream: () => {
    throw new Error('bug: nobody reads here');
  },
};

const BODY = Buffer.alloc(512, 'x');

/** Pieces of the size in which files are read. */
function* archive(): Generator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for (const block of blocks()) {
    pieces.push(block);
    size += block.length;
    if (size < 1 << 18) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  yield Buffer.concat([...pieces, END_OF_ARCHIVE]);
}

const STEMS = ['lib', 'README', 'index.', 'test_', 'some-longer-module-name-', '__init__'];
const SUFFIXES = ['.so', '.py', '.html', '.js.map', ''];

function* blocks(): Generator<Uint8Array> {
  let count = 1;
  for (let dir = 0; count < wanted; dir++) {
    const path = `usr/share/group${Math.floor(dir / 1000)}/package-${Math.floor(dir / 10)}/part${dir}`;
    yield encodeHeader(fields('dir', `${path}/`, dir));
    count++;
    for (let i = 0; i < 10 && count < wanted; i++, count++) {
      const name = `${path}/${STEMS[count % STEMS.length]}${count}${SUFFIXES[i % SUFFIXES.length]}`;
      if (count % 50 === 0 && i > 0) {
        yield encodeHeader({ ...fields('hardlink', name, 0), linkname: `${path}/${firstFile}` });
        continue;
      }
      if (i === 0) firstFile = name.slice(path.length + 1);
      yield encodeHeader({ ...fields('file', name, dir), size: 1 + (count % 512) });
      yield BODY;
    }
  }
}

let firstFile = '';

function fields(kind: HeaderFields['kind'], name: string, seconds: number): HeaderFields {
  const mode = kind === 'dir' ? 0o755 : 0o644;
  return { kind, name, mode, uid: 0, gid: 0, size: 0, mtime: 1_700_000_000 + seconds, mtimeNs: 0 };
}

if (globalThis.gc === undefined) {
  const args = ['--expose-gc', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} else {
  await measure(globalThis.gc);
}
