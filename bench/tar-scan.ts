/**
 * Reading the headers of a tar archive against `tar tf`, and reading headers while hashing all bytes (what a layer that is not
 * known yet costs) against `openssl dgst -sha256`. In one process and warm, so that what is compared is the reading; each row is the
 * median of rounds that take turns.
 *
 * Option: `--rounds N` (default 9), `--file TAR` for an archive of one's own instead of a made one (50,000 files, 820 MB).
 * @module
 */
import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Digester } from '../src/base/digest.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../src/formats/tar/encode.ts';
import { scanTar } from '../src/formats/tar/scan.ts';
import { LayerStream, readLayer } from '../src/model/layer/read.ts';
import { handleBlob } from '../src/system/file-blob.ts';
import { median } from './lib/compare.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, file: { type: 'string' } } });

/** Names and sizes as in a distribution's /usr, by a fixed rule. */
function makeArchive(path: string): void {
  const fd = openSync(path, 'w');
  const body = Buffer.alloc(1 << 20, 'The bytes of a file. ');
  const common = { mode: 0o644, uid: 0, gid: 0, mtime: 1_600_000_000, mtimeNs: 0 };
  for (let dir = 0; dir < 500; dir++) {
    const folder = `usr/share/package-${String(dir).padStart(3, '0')}/`;
    writeSync(fd, encodeHeader({ ...common, kind: 'dir', name: folder, size: 0 }));
    for (let file = 0; file < 100; file++) {
      const size = 2000 * 2 ** ((dir * 7 + file * 3) % 7) - file;
      writeSync(fd, encodeHeader({ ...common, kind: 'file', name: `${folder}file-${file}.txt`, size }));
      writeSync(fd, body, 0, size + paddingOf(size));
    }
  }
  writeSync(fd, END_OF_ARCHIVE);
  closeSync(fd);
}

interface Contest {
  readonly name: string;
  readonly ours: () => Promise<number>;
  readonly theirs: readonly [string, ...string[]];
}

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

function run([program, ...args]: readonly [string, ...string[]]): void {
  if (spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status !== 0)
    throw new Error(`${program} failed`);
}

async function contests(path: string): Promise<void> {
  await using handle = await open(path);
  const { size } = fstatSync(handle.fd);
  const blob = handleBlob(`bench:${path}`, handle, path);
  const count = async (entries: AsyncIterable<unknown>) => {
    let total = 0;
    for await (const _ of entries) total++;
    return total;
  };
  const hashed = async () => {
    const digester = new Digester();
    const layer = new LayerStream(blob);
    let total = 0;
    const piece = Buffer.allocUnsafeSlow(1 << 20);
    for (let at = 0; at < size; ) {
      const part = piece.subarray(0, readSync(handle.fd, piece, 0, piece.length, at));
      digester.update(part);
      total += layer.push(part).length;
      at += part.length;
    }
    layer.end();
    digester.digest();
    return total;
  };
  const list: readonly Contest[] = [
    { name: 'tar headers', ours: () => count(scanTar(blob, size)), theirs: ['tar', 'tf', path] },
    { name: 'layer entries', ours: () => count(readLayer(blob, size)), theirs: ['tar', 'tf', path] },
    { name: 'layer entries and sha256', ours: hashed, theirs: ['openssl', 'dgst', '-sha256', path] },
  ];
  const times = list.map(() => ({ ours: [] as number[], theirs: [] as number[] }));
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [i, { ours, theirs }] of list.entries()) {
      const mine = await timed(ours);
      const other = await timed(() => run(theirs));
      if (round === 0) continue; // warms caches and the compiler
      times[i]?.ours.push(mine);
      times[i]?.theirs.push(other);
    }
  }
  console.log(`${(size / 1e6).toFixed(0)} MB, ${await count(scanTar(blob, size))} entries\n`);
  console.log('| | pare | | other | pare ÷ other |\n|---|---|---|---|---|');
  for (const [i, { name, theirs }] of list.entries()) {
    const ours = median(times[i]?.ours ?? []);
    const other = median(times[i]?.theirs ?? []);
    const rate = `${(ours * 1000).toFixed(0)} ms, ${(size / 1e6 / ours).toFixed(0)} MB/s`;
    console.log(
      `| ${name} | ${rate} | ${theirs.slice(0, -1).join(' ')} | ${(other * 1000).toFixed(0)} ms | ${(ours / other).toFixed(2)} |`,
    );
  }
  console.log(`\npeak memory of pare's side: ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`);
}

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-tar-'));
try {
  const path = values.file ?? join(dir, 'made.tar');
  if (values.file === undefined) makeArchive(path);
  await contests(path);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
