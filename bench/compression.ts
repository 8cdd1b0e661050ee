/**
 * What the compression profile was chosen by (docs/adr/0003-compression-profile.md), over a layer of the size of a packed server
 * (redis and its libraries) and over one of 300 MB (files of this machine): zlib's levels and memory levels, block by block on
 * one thread, each block at its best of several rounds, so that a busy machine does not blur the differences; and then the small
 * layer whole, as pare compresses it, both digests included, beside gzip and pigz. (For large layers see `bench/copy.ts`.)
 *
 * Option: `--rounds N` (default 5).
 * @module
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { Digester } from '../src/base/digest.ts';
import { gzip } from '../src/formats/compress/gzip.ts';
import { type DeflateSettings, PROFILE } from '../src/formats/compress/profile.ts';
import { zstd } from '../src/formats/compress/zstd.ts';
import { median } from './lib/compare.ts';
import { archiveOfFiles, bash } from './lib/files.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });

const BLOCK = PROFILE.gzip.blockSize;

/** Every so-and-so-many-th block, at most 40. */
function sampleBlocks(file: string): Buffer[] {
  const whole = readFileSync(file);
  const count = Math.floor(whole.length / BLOCK);
  const step = Math.ceil(count / 40);
  return Array.from({ length: Math.ceil(count / step) }, (_, i) =>
    whole.subarray(i * step * BLOCK, (i * step + 1) * BLOCK),
  );
}

function compareSettings(file: string, settings: readonly DeflateSettings[], rounds: number): void {
  const blocks = sampleBlocks(file);
  const total = blocks.length * BLOCK;
  const best = settings.map(() => blocks.map(() => Number.POSITIVE_INFINITY));
  const sizes = settings.map(() => 0);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { level, memLevel }] of settings.entries()) {
      sizes[i] = 0;
      for (const [j, block] of blocks.entries()) {
        const start = performance.now();
        const out = deflateRawSync(block, { level, memLevel, chunkSize: BLOCK + 1024 });
        const times = best[i] as number[];
        times[j] = Math.min(times[j] as number, performance.now() - start);
        sizes[i] = (sizes[i] as number) + out.length;
      }
    }
  }
  const reference = settings.findIndex(({ level, memLevel }) => level === 6 && memLevel === 8);
  console.log('\n| level | memLevel | one thread | size | of level 6, memLevel 8 |\n|---|---|---|---|---|');
  for (const [i, { level, memLevel }] of settings.entries()) {
    const time = (best[i] as number[]).reduce((sum, one) => sum + one, 0);
    const speed = `${(total / 1000 / time).toFixed(1)} MB/s`;
    const size = sizes[i] as number;
    console.log(
      `| ${level} | ${memLevel} | ${speed} | ${(size / total).toFixed(4)} | ${(size / (sizes[reference] as number)).toFixed(4)} |`,
    );
  }
}

interface Candidate {
  readonly name: string;
  /** Size of the result. */
  run(file: string): number | Promise<number>;
}

/** As a layer is written: both digests are computed on the way. */
async function sizeOf(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const output = new Digester();
  for await (const piece of pieces) output.update(piece);
  output.digest();
  return output.size;
}

const read = (file: string) => createReadStream(file, { highWaterMark: 1 << 20 });

const gzipped: Candidate = {
  name: 'pare, gzip',
  run: (file) => sizeOf(gzip(read(file), { size: statSync(file).size, input: new Digester() })),
};

const zstandard: Candidate = { name: 'pare, zstd', run: (file) => sizeOf(zstd(read(file), { input: new Digester() })) };

function program(command: string): Candidate {
  return {
    name: command,
    run: (file) => Number(bash(`${command} < "$1" | tee >(sha256sum > /dev/null) | wc -c`, file)),
  };
}

async function compare(file: string, candidates: readonly Candidate[], rounds: number): Promise<void> {
  const times = new Map<string, { wall: number[]; size: number }>(
    candidates.map(({ name }) => [name, { wall: [], size: 0 }]),
  );
  for (let round = 0; round <= rounds; round++) {
    for (const { name, run } of candidates) {
      const start = performance.now();
      const size = await run(file);
      const result = times.get(name);
      if (result === undefined || round === 0) continue; // the first round warms caches and the compiler
      result.wall.push((performance.now() - start) / 1000);
      result.size = size;
    }
  }
  console.log('\n| | median | best | size |\n|---|---|---|---|');
  for (const [name, { wall, size }] of times) {
    const best = Math.min(...wall);
    console.log(`| ${name} | ${median(wall).toFixed(2)} s | ${best.toFixed(2)} s | ${(size / 1e6).toFixed(3)} MB |`);
  }
}

function makeSmall(path: string): void {
  const list = `{ echo /usr/bin/redis-server; ldd /usr/bin/redis-server | grep -o '/[^ ]*'; } | sort -u`;
  bash(`${list} | tar -chf "$1" -T - 2>/dev/null`, path);
}

function settings(...pairs: readonly (readonly [level: number, memLevel: number])[]): DeflateSettings[] {
  return pairs.map(([level, memLevel]) => ({ level, memLevel }));
}

function has(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0;
}

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-compression-'));
try {
  const rounds = Number(values.rounds);
  const small = join(dir, 'small.tar');
  makeSmall(small);
  console.log(`\n## ${(statSync(small).size / 1e6).toFixed(1)} MB: redis-server and its libraries`);
  const levels = settings([3, 7], [4, 7], [5, 7], [6, 7], [7, 7], [8, 7], [9, 7]);
  compareSettings(small, [...levels, ...settings([6, 5], [6, 6], [6, 8], [6, 9], [5, 8], [4, 9])], rounds);
  const others = [program('gzip -6'), ...(has('pigz') ? [program('pigz -6')] : [])];
  await compare(small, [gzipped, zstandard, ...others], rounds);

  const large = join(dir, 'large.tar');
  archiveOfFiles(large, 300e6);
  console.log(`\n## ${(statSync(large).size / 1e6).toFixed(1)} MB: programs and libraries of this machine`);
  const low = settings([1, 9], [2, 7], [2, 8], [2, 9], [3, 7], [3, 8], [3, 9]);
  compareSettings(large, [...low, ...settings([4, 7], [4, 8], [4, 9], [5, 7], [5, 9], [6, 7], [6, 8])], rounds);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
