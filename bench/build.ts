/**
 * `pare build` against `docker build` (the BuildKit in dockerd, which keeps layers uncompressed) and `buildah bud`, start-up
 * included: a project of two stages cold, unchanged and with one file changed; COPY of 50,000 files; the export of a layer of 2 GB.
 * All have the same base image, laid out before; all that is made lies in memory. pare compresses what it stores, which the
 * others do not: the row of `compression=uncompressed` is the like of theirs. The processor's time is that of docker's daemon, too.
 *
 * Options: `--rounds N` (default 3); `--only CASE` (cold, unchanged, changed, many-cold, many-unchanged, export; may be repeated);
 * `--against docker`, `--against buildah` (default both); `--files N`, `--layer BYTES`; `--base TREE`: a root directory for the base image (default Debian, by mmdebstrap). Exit status 1
 * where pare is slower than the bound of a case.
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeWithMounts } from '../test/e2e/mounts.ts';
import { debianTree } from '../test/e2e/trees.ts';
import { type Case, cases } from './build/cases.ts';
import { type Builder, buildahBuilder, dockerBuilder, pareBuilder, run } from './build/tools.ts';
import { compare, type Row, table } from './lib/compare.ts';
import { withDocker } from './lib/docker.ts';
import { publishedPare } from './lib/published.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true },
    files: { type: 'string', default: '50000' },
    layer: { type: 'string', default: '2e9' },
    base: { type: 'string' },
    against: { type: 'string', multiple: true, default: ['docker', 'buildah'] },
  },
});

const memory = '/dev/shm';
const dir = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'pare-bench-build-'));
process.env['TMPDIR'] = dir;
try {
  const tree = values.base ?? debianTree({ suite: 'trixie' });
  if (tree === undefined) throw new Error('there is no base: give a root directory with --base');
  const pare = publishedPare(join(dir, 'published'));
  const base = join(dir, 'base.tar');
  run([...pare, 'copy', '-q', `rootfs:${tree}`, `docker-archive:${base}:base:latest`], {
    PARE_HOME: join(dir, 'making'),
  });
  rmSync(join(dir, 'making'), { recursive: true, force: true });
  const buildah = values.against.includes('buildah') ? buildahBuilder(dir, base) : undefined;
  await withDocker((env, servants) => {
    const docker = values.against.includes('docker') ? dockerBuilder({ env, servants }, base) : undefined;
    const others = [docker, buildah].filter((one) => one !== undefined);
    const wanted = cases({ files: Number(values.files), layer: Number(values.layer) });
    for (const one of wanted.filter(({ name }) => values.only?.includes(name) ?? true))
      measure(one, pare, base, others);
  });
} finally {
  removeWithMounts(dir);
}

function measure(one: Case, pare: readonly string[], base: string, others: readonly Builder[]): void {
  const own = join(dir, one.name);
  mkdirSync(own);
  const forms = ['uncompressed', 'gzip'] as const;
  const builders = [...forms.map((form) => pareBuilder(dir, pare, base, form)), ...others];
  const rows = compare(one.contestants(own, builders), Number(values.rounds));
  rmSync(own, { recursive: true });
  console.log(`\n### ${one.title}\n\n${table(rows)}\n\n${verdict(one, rows)}`);
}

/** pare against BuildKit, by the case's bound. */
function verdict({ bound, seconds }: Case, rows: readonly Row[]): string {
  const [own] = rows as [Row];
  const docker = rows.find(({ name }) => name.startsWith('docker'));
  if (docker === undefined) return '(BuildKit was not measured)';
  const ratio = own.seconds / docker.seconds;
  const isTooSlow = ratio > bound || own.seconds > (seconds ?? Number.POSITIVE_INFINITY);
  if (isTooSlow) process.exitCode = 1;
  const limit = seconds === undefined ? '' : ` and ${seconds} s`;
  return `${ratio.toFixed(2)} × BuildKit's time (bound: ${bound} ×${limit}): ${isTooSlow ? 'TOO SLOW' : 'holds'}`;
}
