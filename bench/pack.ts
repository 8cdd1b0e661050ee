/**
 * `pare pack redis-server` into an OCI layout, start-up included, against the shell script that people write for it (ldd,
 * tar, gzip -6, sha256sum) and against `docker build` of the same files, which compresses nothing: both with gzip and without.
 *
 * Option: `--rounds N` (default 5).
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contestant, compare, table } from './lib/compare.ts';
import { clientWithBuildKit, withDocker } from './lib/docker.ts';
import { publishedPare } from './lib/published.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(values.rounds);

const SCRIPT = `
set -e
out=$1
rm -rf "$out"; mkdir -p "$out"
files=$( { echo /usr/bin/redis-server; ldd /usr/bin/redis-server | grep -o '/[^ ]*'; } | while read -r f; do echo "$f"; readlink -f "$f"; done | sort -u)
tar cf "$out/layer.tar" $files 2>/dev/null
sha256sum "$out/layer.tar" > "$out/diffid"
gzip -6 < "$out/layer.tar" > "$out/layer.tar.gz"
rm "$out/layer.tar"
sha256sum "$out/layer.tar.gz" > "$out/digest"
`;

const dir = mkdtempSync(join(tmpdir(), 'pare-bench-pack-'));
try {
  const [node, pareScript] = publishedPare(join(dir, 'published'));
  const layout = join(dir, 'layout');
  const pare: Contestant = {
    name: 'pare pack redis-server',
    command: [node, pareScript, 'pack', 'redis-server', '-o', `oci:${layout}:redis`, '--quiet'],
    env: { PARE_HOME: join(dir, 'store') },
    prepare: () => rmSync(layout, { recursive: true, force: true }),
    size: () => largest(join(layout, 'blobs', 'sha256')),
  };
  const byHand = join(dir, 'by-hand');
  const script: Contestant = {
    name: 'ldd + tar + gzip -6 + sha256sum',
    command: ['bash', '-c', SCRIPT, 'script', byHand],
    size: () => statSync(join(byHand, 'layer.tar.gz')).size,
  };
  console.log(table(compare([pare, script], rounds)));
  await againstDocker(pare);
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function againstDocker(pare: Contestant): Promise<void> {
  await withDocker((env) => {
    const context = join(dir, 'context');
    mkdirSync(context);
    const [node, ...args] = pare.command;
    const output = `rootfs:${join(context, 'root')}`;
    const rootfs = spawnSync(
      node as string,
      args.map((word) => (word.startsWith('oci:') ? output : word)),
    );
    if (rootfs.status !== 0) throw new Error(rootfs.stderr.toString());
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY root /\nCMD ["/usr/bin/redis-server"]\n');
    const build = ['build', '-q', '--no-cache', '-t', 'bench', context];
    // What Docker makes is a layer in its store, uncompressed: the like of it comes first.
    const plain = [...pare.command, '--compression', 'none'];
    const contestants: Contestant[] = [
      { ...pare, name: 'pare pack --compression none redis-server', command: plain },
      pare,
    ];
    const client = clientWithBuildKit(env);
    if (client === undefined) console.log('\n(no comparison with BuildKit: no docker client here has it)');
    else {
      const name = 'docker build of the same files';
      contestants.push({ name, command: [client, ...build], env: { ...env, DOCKER_BUILDKIT: '1' } });
    }
    const name = 'docker build of the same files (classic builder)';
    contestants.push({ name, command: ['docker', ...build], env: { ...env, DOCKER_BUILDKIT: '0' } });
    console.log(`\n${table(compare(contestants, rounds))}`);
  });
}

function largest(folder: string): number {
  if (!existsSync(folder)) return 0;
  return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).size));
}
