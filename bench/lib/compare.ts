/**
 * Several commands that do the same job, measured in one run: interleaved, so that whatever else the machine does hits all
 * alike; the median of the wall-clock times, and the peak resident memory of the largest process, as GNU time reports it.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run before each measurement and not counted. */
  prepare?(): void;
  /** Bytes of the result, after a run. */
  size?(): number;
}

export interface Row {
  readonly name: string;
  /** Median, seconds. */
  readonly seconds: number;
  /** Largest of all runs, bytes. */
  readonly peak: number;
  readonly size: number | undefined;
}

export function compare(contestants: readonly Contestant[], rounds: number): Row[] {
  const scratch = mkdtempSync(join(tmpdir(), 'pare-bench-'));
  const times = new Map<string, number[]>();
  const peaks = new Map<string, number>();
  const sizes = new Map<string, number>();
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const one of contestants) {
        const { seconds, peak } = measure(one, join(scratch, 'peak'));
        // The first round warms caches and is not counted.
        if (round === 0) continue;
        times.set(one.name, [...(times.get(one.name) ?? []), seconds]);
        peaks.set(one.name, Math.max(peaks.get(one.name) ?? 0, peak));
        if (one.size !== undefined) sizes.set(one.name, one.size());
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return contestants.map(({ name }) => ({
    name,
    seconds: median(times.get(name) ?? []),
    peak: peaks.get(name) ?? 0,
    size: sizes.get(name),
  }));
}

function measure(one: Contestant, peakFile: string): { seconds: number; peak: number } {
  one.prepare?.();
  const start = process.hrtime.bigint();
  const done = spawnSync('/usr/bin/time', ['-q', '-f', '%M', '-o', peakFile, ...one.command], {
    env: { ...process.env, ...one.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 26,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${one.name} ended with ${done.status}: ${done.stderr.toString()}`);
  return { seconds, peak: Number(readFileSync(peakFile, 'utf8').trim().split('\n').at(-1)) * 1024 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** A Markdown table; ratios are against the first row's: time of the first / time of this, so below 1 the first is faster. */
export function table(rows: readonly Row[]): string {
  const first = rows[0];
  if (first === undefined) return '';
  const mb = (bytes: number | undefined) => (bytes === undefined ? '' : `${(bytes / 1e6).toFixed(2)} MB`);
  const ratio = (a: number | undefined, b: number | undefined) => (a && b ? (a / b).toFixed(2) : '');
  const lines = rows.map((row) =>
    [
      row.name,
      `${row.seconds.toFixed(3)} s`,
      row === first ? '' : ratio(first.seconds, row.seconds),
      mb(row.size),
      row === first ? '' : ratio(first.size, row.size),
      mb(row.peak),
    ].join(' | '),
  );
  return [
    '| | median time | first ÷ this | size | first ÷ this | peak memory |',
    '|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}
