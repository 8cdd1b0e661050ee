/** Builders that can be asked for the same build: pare, BuildKit's daemon, Docker's two, buildah. @module */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBuilding } from '../../../../src/operations/build/build.ts';
import { machinePlatform } from '../../../../src/system/machine.ts';
import { startDocker } from '../../daemon.ts';
import { removeWithMounts } from '../../mounts.ts';
import { type CommandOptions, command, eventually, output, service } from '../../programs/command.ts';
import type { LaidCase } from './case.ts';
import { type Facts, type Form, factsOf } from './facts.ts';

export type Outcome =
  | { readonly kind: 'built'; readonly facts: Facts }
  | { readonly kind: 'failed'; readonly message: string };

export interface Builder extends AsyncDisposable {
  readonly name: string;
  build(one: LaidCase): Promise<Outcome>;
}

const PARE = fileURLToPath(new URL('../../../../bin/pare.js', import.meta.url));

export function pare(directory: string, form?: Form): Builder {
  const store = join(directory, 'store');
  const build = async (one: LaidCase): Promise<Outcome> => {
    const since = now();
    const made = mkdtempSync(join(directory, 'pare-'));
    try {
      await using building = await openBuilding(
        {
          context: one.context,
          file: one.dockerfile,
          target: one.target,
          platforms: [machinePlatform()],
          args: new Map(Object.entries(one.args)),
          contexts: new Map(
            [...one.contexts].map(([name, { kind, path }]) => [name, kind === 'layout' ? `oci:${path}` : path]),
          ),
          noCache: 'all',
          pull: false,
          secrets: new Map(Object.entries(one.secrets).map(([id, path]) => [id, { kind: 'file', path }])),
          ssh: new Map(),
          network: 'host',
          hostname: 'buildkitsandbox',
          extraHosts: [],
          shmSize: undefined,
          ulimits: [],
          allows: new Set(),
          runtime: undefined,
          squash: false,
          labels: one.labels,
          annotations: [],
          epoch: undefined,
          helperCommand: [process.execPath, PARE, 'step-helper'],
          report: () => undefined,
        },
        { env: { PARE_HOME: store } },
      );
      await building.save(`oci:${made}/image`);
      return { kind: 'built', facts: await factsOf(`oci:${made}/image`, store, since, form) };
    } catch (error) {
      return { kind: 'failed', message: (error as Error).message };
    } finally {
      rmSync(made, { recursive: true });
    }
  };
  return { name: 'pare', build, [Symbol.asyncDispose]: async () => undefined };
}

/** buildkitd and buildctl of PATH. */
export async function buildkitd(directory: string, form?: Form): Promise<Builder> {
  const root = mkdtempSync(join(directory, 'buildkitd-'));
  const address = `unix://${root}/socket`;
  const words = ['--root', `${root}/root`, '--addr', address, '--oci-worker=true', '--containerd-worker=false'];
  const daemon = service(['nice', '-n', '19', 'buildkitd', ...words]);
  const buildctl = (...args: readonly string[]) =>
    command(['buildctl', '--addr', address, ...args], { timeout: 120_000 });
  await eventually('buildkitd', daemon, async () =>
    (await buildctl('debug', 'workers')).status === 0 ? true : undefined,
  );
  const build = async (one: LaidCase): Promise<Outcome> => {
    // It keeps contexts and repositories, and then directories have the times of other builds.
    await buildctl('prune', '--all');
    const since = now();
    const made = join(root, 'image');
    rmSync(made, { recursive: true, force: true });
    const ended = await buildctl(
      'build',
      '--no-cache',
      '--progress=plain',
      ...wordsOf(one),
      '--output',
      `type=oci,tar=false,dest=${made}`,
    );
    if (ended.status !== 0) return { kind: 'failed', message: lastError(ended.stderr) };
    return { kind: 'built', facts: await factsOf(`oci:${made}`, join(root, 'store'), since, form) };
  };
  const stop = async () => {
    await daemon.stop();
    removeWithMounts(root);
  };
  return { name: 'BuildKit', build, [Symbol.asyncDispose]: stop };
}

function wordsOf(one: LaidCase): string[] {
  const words = ['--frontend=dockerfile.v0', '--local', `context=${one.context}`];
  words.push('--local', `dockerfile=${dirname(one.dockerfile)}`, '--opt', `filename=${basename(one.dockerfile)}`);
  if (one.target !== undefined) words.push('--opt', `target=${one.target}`);
  for (const [name, value] of Object.entries(one.args)) words.push('--opt', `build-arg:${name}=${value}`);
  for (const [name, value] of Object.entries(one.labels)) words.push('--opt', `label:${name}=${value}`);
  for (const [id, path] of Object.entries(one.secrets)) words.push('--secret', `id=${id},src=${path}`);
  for (const [i, [name, { kind, path }]] of [...one.contexts].entries()) {
    if (kind === 'directory') words.push('--opt', `context:${name}=local:c${i}`, '--local', `c${i}=${path}`);
    else words.push('--opt', `context:${name}=oci-layout://c${i}@${digestIn(path)}`, '--oci-layout', `c${i}=${path}`);
  }
  return words;
}

function digestIn(layout: string): string {
  return JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests[0].digest;
}

/** The last thing it complained about. */
function lastError(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /^(?:error|ERROR)[: ]/.test(line)) ?? lines.at(-1) ?? '').replace(
    /^error: failed to solve: /,
    '',
  );
}

/** The image under a name, as daemons take it in. @returns the archive's path */
function asArchive(layout: string, name: string, directory: string): string {
  const archive = join(directory, 'base.tar');
  const tag = /:[^/]*$/.test(name) ? name : `${name}:latest`;
  execFileSync('skopeo', ['copy', '-q', `oci:${layout}`, `docker-archive:${archive}`, '--additional-tag', tag]);
  return archive;
}

/** Docker's own builders, whose base images are imported under the names that the Dockerfile uses. */
export async function docker(
  directory: string,
  form?: Form,
): Promise<{ readonly builders: readonly Builder[] } & AsyncDisposable> {
  const daemon = await startDocker();
  const call = (args: readonly string[], more: CommandOptions = {}) =>
    command(['docker', ...args], { timeout: 300_000, ...more, env: { ...daemon.env, ...more.env } });
  const imported = new Set<string>();
  const importBases = async (one: LaidCase) => {
    for (const [name, { kind, path }] of one.contexts) {
      if (kind !== 'layout' || imported.has(name) || name.includes('@')) continue;
      const archive = asArchive(path, name, directory);
      const ended = await call(['load', '-i', archive]);
      rmSync(archive);
      if (ended.status !== 0) throw new Error(ended.stderr);
      imported.add(name);
    }
  };
  const builder = (name: string, buildkit: '0' | '1'): Builder => ({
    name,
    build: async (one) => {
      await importBases(one);
      const since = now();
      const args = Object.entries(one.args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
      if (one.target !== undefined) args.push('--target', one.target);
      const words = ['build', '--network=host', '--no-cache', '-t', 'made', '-f', one.dockerfile, ...args, one.context];
      const env = { DOCKER_BUILDKIT: buildkit, BUILDKIT_PROGRESS: 'plain' };
      const ended = await call(words, { env });
      if (ended.status !== 0) return { kind: 'failed', message: lastError(ended.stderr) };
      const archive = join(directory, 'made.tar');
      await call(['save', '-o', archive, 'made']);
      const facts = await factsOf(`docker-archive:${archive}`, join(directory, 'docker-store'), since, form);
      rmSync(archive);
      return { kind: 'built', facts };
    },
    [Symbol.asyncDispose]: async () => undefined,
  });
  return {
    builders: [builder('Docker, classic', '0'), builder('Docker, BuildKit', '1')],
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

export function buildah(directory: string, form?: Form): Builder {
  const root = join(directory, 'buildah');
  mkdirSync(root);
  const own = ['buildah', '--storage-driver', 'vfs', '--root', `${root}/root`, '--runroot', `${root}/run`];
  const pulled = new Set<string>();
  const build = async (one: LaidCase): Promise<Outcome> => {
    for (const [name, { kind, path }] of one.contexts) {
      if (kind !== 'layout' || pulled.has(name) || name.includes('@')) continue;
      const archive = asArchive(path, name, directory);
      await output([...own, 'pull', '-q', `docker-archive:${archive}`]);
      rmSync(archive);
      pulled.add(name);
    }
    const since = now();
    const made = join(root, 'image');
    rmSync(made, { recursive: true, force: true });
    const args = Object.entries(one.args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    if (one.target !== undefined) args.push('--target', one.target);
    const words = ['build', '--isolation=chroot', '--layers=false', '--no-cache', '--pull-never', '-t', 'made'];
    const ended = await command([...own, ...words, '-f', one.dockerfile, ...args, one.context], { timeout: 300_000 });
    if (ended.status !== 0) return { kind: 'failed', message: lastError(ended.stderr) };
    await command([...own, 'push', '-q', 'made', `oci:${made}`]);
    return { kind: 'built', facts: await factsOf(`oci:${made}`, join(root, 'store'), since, form) };
  };
  const clean = async () => {
    await command([...own, 'rm', '--all']);
    removeWithMounts(root);
  };
  return { name: 'buildah', build, [Symbol.asyncDispose]: clean };
}

function now(): number {
  return Math.floor(Date.now() / 1000) - 1;
}
