/**
 * The first RUN on a base that was never seen before: a Debian system of about 170 MB lies in a registry on this machine, and a
 * Dockerfile with one RUN is built on it. Each builder has forgotten all before each round.
 *
 *     node bench/first-run.ts [ROUNDS]
 *
 * pare is measured twice: with layers mounted as EROFS images where the kernel allows it, and with layers unpacked. Needs root, dockerd, a docker
 * client with BuildKit, docker-registry and runc. `TMPDIR` says on what the stores lie.
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDockerRegistry } from '../test/e2e/registry/docker-registry.ts';
import { debianTree } from '../test/e2e/trees.ts';
import { type Contestant, compare, table } from './lib/compare.ts';
import { clientWithBuildKit, withDocker } from './lib/docker.ts';
import { publishedPare } from './lib/published.ts';

const rounds = Number(process.argv[2] ?? 5);
/** What a base image has least use for: without it the system is as large as was said. */
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/locale',
  'usr/share/man',
  'usr/share/i18n',
  'var/cache/apt',
  'var/lib/apt',
];

const dir = mkdtempSync(join(tmpdir(), 'pare-first-run-'));
try {
  await using registry = await startDockerRegistry();
  const base = `${registry.host}/base:latest`;
  const context = join(dir, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), `FROM ${base}\nRUN dpkg --list >/packages\n`);
  await withDocker((env, servants) => {
    const client = clientWithBuildKit(env);
    if (client === undefined) throw new Error('no docker client here has BuildKit');
    const docker = (...words: readonly string[]) =>
      execFileSync(client, words, { env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 26 });
    const tar = baseTar();
    docker('import', tar, base);
    docker('push', '-q', base);
    rmSync(tar);
    const forget = () => {
      docker('builder', 'prune', '-af');
      const images = docker('image', 'ls', '-aq').split('\n').filter(Boolean);
      if (images.length > 0) docker('rmi', '-f', ...images);
    };
    const pare = publishedPare(join(dir, 'pare'));
    const contestants: readonly Contestant[] = [
      ofPare('pare build', pare, context, {}),
      ofPare('pare build, layers unpacked', pare, context, { PARE_SNAPSHOTS: 'directories' }),
      {
        name: 'docker build (BuildKit)',
        command: [client, 'build', '-q', '--network=host', '-t', 'bench', context],
        env: { ...env, DOCKER_BUILDKIT: '1' },
        prepare: forget,
        servants,
      },
    ];
    console.log(table(compare(contestants, rounds)));
  });
} finally {
  rmSync(dir, { recursive: true, force: true });
}

function baseTar(): string {
  const tree = debianTree({ suite: 'trixie' });
  if (tree === undefined) throw new Error('no Debian system to build on');
  const tar = join(dir, 'base.tar');
  execFileSync('tar', ['-C', tree, ...LEFT_OUT.map((path) => `--exclude=./${path}`), '-cf', tar, '.']);
  return tar;
}

function ofPare(
  name: string,
  pare: readonly string[],
  context: string,
  more: Readonly<Record<string, string>>,
): Contestant {
  const store = join(dir, `store-${Object.keys(more).length}`);
  return {
    name,
    command: [...pare, 'build', '-q', '--progress', 'quiet', '-t', 'bench', context],
    env: { PARE_HOME: store, ...more },
    prepare: () => rmSync(store, { recursive: true, force: true }),
  };
}
