/**
 * `pare squash` of an OCI layout of three layers into another, start-up included, against `buildah commit --squash` (from, commit
 * and the removal of what it left) and against umoci (unpack, and the tree as the one layer of a new image), uncompressed and
 * gzipped; and beside them what hashing the same bytes with openssl takes, and the least that a Node.js program does (`bench/bare`).
 *
 * Option: `--rounds N` (default 2), of what takes long.
 * @module
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BARE, barePrograms } from './lib/bare.ts';
import { type Contestant, compare, table } from './lib/compare.ts';
import { dockerArchive, layoutSize } from './lib/image.ts';
import { publishedPare } from './lib/published.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '2' } } });

/** They take a part of a second each: what else the machine does counts for more than where others take ten. */
const HASH_ROUNDS = 9;

const BUILDAH = `
set -e
flags="--root $1/storage --runroot $1/run --storage-driver overlay"
container=$(buildah $flags from --pull-always oci:$2)
buildah $flags commit --squash --quiet $3 --rm $container oci:$1/out:squashed >/dev/null
rm -rf "$1/storage" "$1/run"
`;

const UMOCI = `
set -e
umoci unpack --image "$2" "$1/bundle"
umoci init --layout "$1/out"
umoci new --image "$1/out:squashed"
umoci insert --image "$1/out:squashed" "$1/bundle/rootfs" /
rm -rf "$1/bundle"
`;

// In small letters: buildah makes a repository's name of it.
const dir = join(tmpdir(), `pare-bench-squash-${process.pid}`);
mkdirSync(dir);
try {
  const pare = publishedPare(join(dir, 'published'));
  const bare = barePrograms(join(dir, 'bare'));
  const archive = await dockerArchive(dir);
  const megabytes = (statSync(archive).size / 1e6).toFixed(0);
  for (const form of ['none', 'gzip'] as const) {
    const source = `${join(dir, `source-${form}`)}:image`;
    const made = [...pare, 'copy', '-q', '--compression', form, `docker-archive:${archive}`, `oci:${source}`];
    const { status, stderr } = spawnSync(made[0] as string, made.slice(1), { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const contestant = (name: string, command: (work: string) => readonly string[]): Contestant => {
      const work = join(dir, name.replace(/\W+/g, '-'));
      return {
        name,
        command: ['sh', '-c', 'mkdir -p "$0" && exec "$@"', work, ...command(work)],
        env: { PARE_HOME: join(dir, 'store') },
        prepare: () => {
          rmSync(work, { recursive: true, force: true });
          // Not the second look at an image that is known.
          rmSync(join(dir, 'store'), { recursive: true, force: true });
          // Some machines give memory back that holds files: nobody is to be measured reading the disk.
          spawnSync('sh', ['-c', 'cat "$0" "$1"/blobs/sha256/* >/dev/null', archive, join(dir, `source-${form}`)]);
        },
        size: () => layoutSize(join(work, 'out')),
      };
    };
    const script =
      (text: string, ...more: readonly string[]) =>
      (work: string) => ['sh', '-c', text, 'sh', work, source, ...more];
    const squash = contestant('pare squash', (work) => [
      ...[...pare, 'squash', '-q', '--compression', form],
      ...[`oci:${source}`, '-o', `oci:${join(work, 'out')}:squashed`],
    ]);
    const disabled = form === 'none' ? '--disable-compression=true' : '--disable-compression=false';
    const others = [
      contestant('buildah commit --squash', script(BUILDAH, disabled)),
      ...(form === 'gzip' ? [contestant('umoci unpack, insert', script(UMOCI))] : []),
    ];
    console.log(`\n### ${form === 'none' ? 'Uncompressed' : 'With gzip'}, ${megabytes} MB\n`);
    console.log(table(compare([squash, ...others], Number(values.rounds))));
    if (form === 'gzip') continue;
    const hashing = [
      contestant('openssl sha256 of the same bytes', () => ['openssl', 'dgst', '-sha256', archive]),
      contestant(BARE, (work) => [...bare('join'), ...[join(dir, `source-${form}`), join(work, 'layer.tar')]]),
    ];
    console.log(`\n### Uncompressed, ${megabytes} MB, beside hashing the same bytes\n`);
    console.log(table(compare([squash, ...hashing], HASH_ROUNDS)));
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
