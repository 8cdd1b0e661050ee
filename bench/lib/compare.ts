/**
 * Several commands that do the same job, measured in one run: interleaved, so that whatever else the machine does hits all
 * alike; the median of the wall-clock times and of the processor times, and the peak resident memory of the largest process, as
 * GNU time reports them.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetPeak, used } from './processes.ts';

export interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run before each measurement and not counted. */
  prepare?(): void;
  /** Bytes of the result, after a run. */
  size?(): number;
  /** Processes that work for the command and are none of its children: a daemon's. Their time and memory count as well. */
  servants?(): readonly number[];
}

export interface Row {
  readonly name: string;
  /** Median, seconds. */
  readonly seconds: number;
  /** Median of user and system time of all processes together, seconds: a busy machine blurs it less. */
  readonly cpu: number;
  /** Largest of all runs, bytes. */
  readonly peak: number;
  readonly size: number | undefined;
}

interface Run {
  readonly seconds: number;
  readonly cpu: number;
  readonly peak: number;
  readonly size: number | undefined;
}

export function compare(contestants: readonly Contestant[], rounds: number): Row[] {
  const scratch = mkdtempSync(join(tmpdir(), 'pare-bench-'));
  const runs = new Map<string, Run[]>(contestants.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const one of contestants) {
        const run = measure(one, join(scratch, 'used'));
        // The first round warms caches and is not counted.
        if (round > 0) runs.get(one.name)?.push(run);
      }
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return [...runs].map(([name, all]) => ({
    name,
    seconds: median(all.map(({ seconds }) => seconds)),
    cpu: median(all.map(({ cpu }) => cpu)),
    peak: Math.max(...all.map(({ peak }) => peak)),
    size: all.at(-1)?.size,
  }));
}

function measure(one: Contestant, report: string): Run {
  one.prepare?.();
  const servants = one.servants?.() ?? [];
  forgetPeak(servants);
  const before = used(servants);
  const start = process.hrtime.bigint();
  const done = spawnSync('/usr/bin/time', ['-q', '-f', '%M %U %S', '-o', report, ...one.command], {
    env: { ...process.env, ...one.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 26,
  });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${one.name} ended with ${done.status}: ${done.stderr.toString()}`);
  const line = readFileSync(report, 'utf8').trim().split('\n').at(-1) ?? '';
  const [peak, user, system] = line.split(' ').map(Number) as [number, number, number];
  const after = used(one.servants?.() ?? []);
  const cpu = user + system + after.seconds - before.seconds;
  return { seconds, cpu, peak: Math.max(peak * 1024, after.peak), size: one.size?.() };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** A Markdown table; ratios are against the first row's: time of the first ÷ time of this, so below 1 the first is faster. */
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
      `${row.cpu.toFixed(3)} s`,
      mb(row.size),
      row === first ? '' : ratio(first.size, row.size),
      mb(row.peak),
    ].join(' | '),
  );
  return [
    '| | median time | first ÷ this | processor | size | first ÷ this | peak memory |',
    '|---|---|---|---|---|---|---|',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n');
}
