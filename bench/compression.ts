/**
 * What the compression profile was chosen by (docs/adr/0003-compression-profile.md): zlib's levels and memory levels over a
 * layer of the size of a packed server (redis and its libraries) and over one of 300 MB (files of this machine), as pare
 * compresses layers; beside them gzip and, where it is here, pigz.
 * Options: `--rounds N` (default 5), `--small` and `--large` for one of the two.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Digester } from '../src/base/digest.ts';
import { gzip } from '../src/formats/compress/gzip.ts';
import { type CompressionProfile, PROFILE } from '../src/formats/compress/profile.ts';
import { zstd } from '../src/formats/compress/zstd.ts';
import { median } from './lib/compare.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, small: { type: 'boolean' }, large: { type: 'boolean' } },
});

interface Candidate {
  readonly name: string;
  /** Size of the result. */
  run(file: string): number | Promise<number>;
}

interface Times {
  readonly wall: number[];
  readonly cpu: number[];
  size: number;
}

function profile(level: number, memLevel: number, blockKiB: number): CompressionProfile {
  return { ...PROFILE, version: 0, gzip: { blockSize: blockKiB * 1024, deflate: () => ({ level, memLevel }) } };
}

/** As a layer is written: both digests are computed on the way. */
async function sizeOf(pieces: AsyncIterable<Uint8Array>): Promise<number> {
  const output = new Digester();
  for await (const piece of pieces) output.update(piece);
  output.digest();
  return output.size;
}

const read = (file: string) => createReadStream(file, { highWaterMark: 1 << 20 });

function ours(level: number, memLevel: number, blockKiB = 512): Candidate {
  return {
    name: `level ${level}, memLevel ${memLevel}, ${blockKiB} KiB`,
    run: (file) =>
      sizeOf(
        gzip(read(file), {
          size: statSync(file).size,
          profile: profile(level, memLevel, blockKiB),
          input: new Digester(),
        }),
      ),
  };
}

function program(command: string): Candidate {
  return {
    name: command,
    run(file) {
      const { stdout, status } = spawnSync('bash', ['-c', `${command} < "$1" | wc -c`, 'bash', file], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`${command} failed`);
      return Number(stdout);
    },
  };
}

/** User and system time of this process and of its ended children, in seconds: steadier than the clock on a busy machine. */
function cpu(): number {
  const own = process.cpuUsage();
  const [, children = ''] = spawnSync('bash', ['-c', 'cat /proc/$PPID/stat'], { encoding: 'utf8' }).stdout.split(') ');
  const [user = 0, system = 0] = children.split(' ').slice(13, 15).map(Number);
  return (own.user + own.system) / 1e6 + (user + system) / 100;
}

async function compare(file: string, candidates: readonly Candidate[], rounds: number): Promise<void> {
  const times = new Map<string, Times>(candidates.map(({ name }) => [name, { wall: [], cpu: [], size: 0 }]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, run } of candidates) {
      const [clock, used] = [performance.now(), cpu()];
      const size = await run(file);
      const result = times.get(name) as Times;
      if (round === 0) continue; // warms caches and the compiler
      result.wall.push((performance.now() - clock) / 1000);
      result.cpu.push(cpu() - used);
      result.size = size;
    }
  }
  console.log(`\n${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
  console.log('| | wall | processor | size | of gzip -6 |\n|---|---|---|---|---|');
  const reference = times.get('gzip -6')?.size ?? Number.NaN;
  for (const [name, { wall, cpu: used, size }] of times) {
    const seconds = (list: readonly number[]) => `${median(list).toFixed(2)} s`;
    console.log(
      `| ${name} | ${seconds(wall)} | ${seconds(used)} | ${(size / 1e6).toFixed(3)} MB | ${(size / reference).toFixed(4)} |`,
    );
  }
}

function makeSmall(path: string): void {
  const list = `{ echo /usr/bin/redis-server; ldd /usr/bin/redis-server | grep -o '/[^ ]*'; } | sort -u`;
  bash(`${list} | tar -chf "$1" -T - 2>/dev/null`, path);
}

function makeLarge(path: string): void {
  const { stdout } = spawnSync('find', ['/usr/bin', '/usr/lib', '-xdev', '-type', 'f', '-printf', '%s %p\n'], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
  });
  const files = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ (.*)/s) as [string, string]);
  // Every so-and-so-many-th in the order of names, so that it is a mixture.
  files.sort(([, a], [, b]) => (a < b ? -1 : 1));
  const total = files.reduce((sum, [size]) => sum + Number(size), 0);
  const step = Math.max(1, Math.floor(total / 300e6));
  const chosen = files.filter((_, i) => i % step === 0);
  const names: string[] = [];
  let sum = 0;
  for (const [size, name] of chosen) {
    sum += Number(size);
    if (sum < 300e6) names.push(name);
  }
  writeFileSync(`${path}.list`, names.join('\0'), 'latin1');
  bash('tar -cf "$1" --null -T "$1.list" 2>/dev/null', path);
}

function bash(script: string, argument: string): void {
  if (spawnSync('bash', ['-c', script, 'bash', argument]).status !== 0) throw new Error(`failed: ${script}`);
}

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-compression-'));
try {
  const rounds = Number(values.rounds);
  const pigz = spawnSync('pigz', ['--version']).status === 0 ? [program('pigz -6')] : [];
  const references = [program('gzip -6'), ...pigz];
  const zstandard: Candidate = {
    name: 'zstd profile',
    run: (file) => sizeOf(zstd(read(file), { input: new Digester() })),
  };
  if (!values.large) {
    makeSmall(join(dir, 'small.tar'));
    const blocks = [128, 256, 1024].map((size) => ours(6, 7, size));
    const candidates = [3, 4, 5, 6, 7, 8, 9].map((level) => ours(level, 7));
    const memory = [5, 6, 8, 9].map((level) => ours(6, level));
    await compare(join(dir, 'small.tar'), [...candidates, ...memory, ...blocks, zstandard, ...references], rounds);
  }
  if (!values.small) {
    makeLarge(join(dir, 'large.tar'));
    const candidates = [ours(3, 7), ours(4, 6), ours(4, 7), ours(4, 8), ours(4, 9), ours(5, 7), ours(6, 7), ours(6, 8)];
    await compare(join(dir, 'large.tar'), [...candidates, zstandard, ...references], rounds);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
