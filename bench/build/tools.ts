/** The builders that are compared, each with stores of its own and the same base image in them. @module */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientWithBuildKit } from '../lib/docker.ts';

export interface Builder {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** The command that builds a directory and names the result. @param fresh whether nothing remembered is used */
  build(context: string, options?: { readonly fresh?: boolean }): readonly string[];
  /** Builds and writes the image into a file, as the tool's users do it; in a form of the tool's own choice. */
  exported(context: string, file: string): readonly string[];
  /** Forgets what it has built and what it knows of contexts. The base stays, laid out as the tool has it for steps. */
  forget(): void;
  servants?(): readonly number[];
}

/** Runs a command and fails with what it said. */
export function run([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const options = { env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  const { status, stdout, stderr, error } = spawnSync(program, args, options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout;
}

const script = (text: string, ...words: readonly string[]) => ['sh', '-ec', text, 'sh', ...words];

/** @param form of layers; with gzip, which is the default, an OCI archive is exported, else one as docker writes it */
export function pareBuilder(
  dir: string,
  pare: readonly string[],
  base: string,
  form: 'gzip' | 'uncompressed',
): Builder {
  const env = { PARE_HOME: join(dir, `pare-${form}`) };
  if (!existsSync(env.PARE_HOME)) run([...pare, 'copy', '-q', `docker-archive:${base}`, 'base'], env);
  const words = (fresh: boolean) => [...pare, 'build', '-q', '--progress', 'quiet', ...(fresh ? ['--no-cache'] : [])];
  const stored = form === 'gzip' ? ['-t', 'bench'] : ['-o', 'type=image,name=bench,compression=uncompressed'];
  const type = form === 'gzip' ? 'oci' : 'docker';
  return {
    name: form === 'gzip' ? 'pare build, compressing' : 'pare build',
    env,
    build: (context, { fresh = false } = {}) => [...words(fresh), ...stored, context],
    exported: (context, file) => [...words(false), '-o', `type=${type},dest=${file}`, context],
    forget: () => {
      for (const part of ['build', 'mounts'])
        rmSync(join(env.PARE_HOME, 'cache', part), { recursive: true, force: true });
    },
  };
}

/** @param daemon as `withDocker` gives it */
export function dockerBuilder(
  daemon: { readonly env: Readonly<Record<string, string>>; servants(): readonly number[] },
  base: string,
): Builder | undefined {
  const client = clientWithBuildKit(daemon.env);
  if (client === undefined) return undefined;
  const env = { ...daemon.env, DOCKER_BUILDKIT: '1' };
  run([client, 'load', '-q', '-i', base], env);
  const words = (fresh: boolean) => [client, 'build', '-q', '--network=host', ...(fresh ? ['--no-cache'] : [])];
  return {
    name: 'docker build (BuildKit)',
    env,
    servants: daemon.servants,
    build: (context, { fresh = false } = {}) => [...words(fresh), '-t', 'bench', context],
    exported: (context, file) =>
      script(`${words(false).join(' ')} -t bench "$1" >/dev/null; exec ${client} save -o "$2" bench`, context, file),
    forget: () => void run([client, 'builder', 'prune', '-af'], env),
  };
}

/** Undefined where it is not installed. */
export function buildahBuilder(dir: string, base: string): Builder | undefined {
  if (spawnSync('buildah', ['--version']).status !== 0) return undefined;
  const own = join(dir, 'buildah');
  mkdirSync(own);
  const buildah = [
    'buildah',
    '--root',
    join(own, 'root'),
    '--runroot',
    join(own, 'run'),
    '--storage-driver',
    'overlay',
  ];
  run([...buildah, 'pull', '-q', `docker-archive:${base}`]);
  const words = (fresh: boolean) => [
    ...[...buildah, 'bud', '-q', '--isolation=chroot', '--layers', '--pull-never'],
    ...(fresh ? ['--no-cache'] : []),
  ];
  return {
    name: 'buildah bud --layers',
    env: {},
    build: (context, { fresh = false } = {}) => [...words(fresh), '-t', 'bench', context],
    exported: (context, file) =>
      script(
        `${words(false).join(' ')} -t bench "$1" >/dev/null; exec ${buildah.join(' ')} push -q bench "oci-archive:$2"`,
        context,
        file,
      ),
    forget: () => {
      spawnSync('buildah', [...buildah.slice(1), 'rmi', '-f', 'localhost/bench']);
      run([...buildah, 'rmi', '--prune', '-f']);
    },
  };
}
