/** What a build needs of this machine, put together. @module */
import { readFileSync } from 'node:fs';
import { present } from '../../base/assert.ts';
import { digestOf, encodedOf } from '../../base/digest.ts';
import { fromSystem, ImageError } from '../../base/errors.ts';
import type { BuildPorts, NamedContext } from '../../builders/dockerfile/ports.ts';
import type { State } from '../../builders/dockerfile/state.ts';
import { parseGitReference } from '../../formats/dockerfile/git.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import { applyLayer } from '../../model/anchor.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { Tree } from '../../model/tree.ts';
import { EMPTY_TREE } from '../../model/tree.ts';
import type { StepRunner } from '../../ports/build-steps.ts';
import { stepDirectories, stepRunner } from '../../sandbox/build/runner.ts';
import { findStepRuntimes } from '../../sandbox/runtime.ts';
import { type Access, openRoot } from '../../sources.ts';
import { type BuildMemo, buildCacheDir, openBuildMemo } from '../../store/build-memo.ts';
import { openContentDigests, type RememberedDigests } from '../../store/content-digests.ts';
import { cacheDir, storeDirectory } from '../../store/directory.ts';
import { openLayerCache } from '../../store/layer-cache.ts';
import { archiveEntries } from './archive.ts';
import type { BuildSource } from './contexts.ts';
import { download } from './download.ts';
import { checkout } from './git.ts';
import { IGNORE_NOTHING } from './ignore.ts';
import { stateOf } from './images.ts';
import { readContext } from './local-context.ts';
import type { BuildOptions, SecretSource } from './options.ts';

export interface World {
  readonly ports: BuildPorts;
  readonly memo: BuildMemo;
  readonly contents: RememberedDigests;
}

/** What is opened stays so until the stack is disposed of. */
export function buildWorld(
  source: BuildSource,
  options: BuildOptions,
  stack: AsyncDisposableStack,
  access: Access,
): World {
  const { run = {} } = access;
  const store = storeDirectory(access.env);
  const layers = stack.use(openLayerCache(cacheDir(store)));
  const memo = openBuildMemo(buildCacheDir(store));
  const place = encodedOf(digestOf(`${process.cwd()} ${options.context}`)).slice(0, 32);
  const contents = openContentDigests(`${buildCacheDir(store)}/digests/${place}`);
  const once = remembering();
  const image = (reference: string, platform: Platform) =>
    once(`${reference} ${formatPlatform(platform)}`, () =>
      stateOf(options.pull ? pulled(reference) : reference, platform, layers, stack, access),
    );
  let runner: Promise<StepRunner> | undefined;
  const ports: BuildPorts = {
    context: source.context,
    named: async (name, platform) => {
      const value = options.contexts.get(name) ?? options.contexts.get(name.replace(/^docker\.io\/(?:library\/)?/, ''));
      return value === undefined ? undefined : namedContext(value, platform, image, stack, access);
    },
    image,
    layers,
    memo,
    contents,
    remote: {
      http: (url, checksum) => download(url, checksum, stack, run),
      git: (url, wanted) => checkout(url, wanted, stack, run),
    },
    archive: (file) => archiveEntries(file, stack, run),
    runner: () => (runner ??= openRunner(store, options, stack)),
    secret: async (id) => readSecret(options.secrets.get(id), access.env),
    ssh: (id) => options.ssh.get(id),
    report: options.report,
    run,
  };
  return { ports, memo, contents };
}

function remembering(): (key: string, make: () => Promise<State>) => Promise<State> {
  const known = new Map<string, Promise<State>>();
  return (key, make) => {
    const found = known.get(key) ?? make();
    known.set(key, found);
    return found;
  };
}

/** What the registry has, whatever the store has. */
function pulled(reference: string): string {
  const parsed = parseReference(reference);
  return parsed.kind === 'store' && parsed.named !== undefined ? `docker://${reference}` : reference;
}

async function openRunner(
  store: string,
  { helperCommand, runtime }: BuildOptions,
  stack: AsyncDisposableStack,
): Promise<StepRunner> {
  const runtimes = await findStepRuntimes(runtime);
  return stack.use(stepRunner({ ...stepDirectories(store), runtimes, helperCommand }));
}

function readSecret(source: SecretSource | undefined, env: Access['env']): Uint8Array | undefined {
  if (source === undefined) return undefined;
  if (source.kind === 'env') {
    const value = env[source.name];
    if (value !== undefined) return new TextEncoder().encode(value);
    throw new ImageError('NOT_FOUND', `the secret's variable ${source.name} is not set`);
  }
  try {
    return readFileSync(source.path);
  } catch (error) {
    throw fromSystem(error, `cannot read the secret ${source.path}`);
  }
}

/** A directory, an address, or any reference; in docker's own words as well: `docker-image://`, `oci-layout://`. */
function namedContext(
  value: string,
  platform: Platform,
  image: (reference: string, platform: Platform) => Promise<State>,
  stack: AsyncDisposableStack,
  access: Access,
): NamedContext {
  const { run = {} } = access;
  const reference = value.replace(/^docker-image:\/\//, '').replace(/^oci-layout:\/\//, 'oci:');
  const files = async (): Promise<Tree> => {
    if (parseGitReference(value) !== undefined) return checkout(value, { keepGitDir: false }, stack, run);
    const entries = await archiveEntries(await download(value, undefined, stack, run), stack, run);
    if (entries !== undefined) return (await applyLayer(EMPTY_TREE, asynchronous(entries))).tree;
    throw new ImageError('INVALID', `${value} is no tar`);
  };
  if (/^https?:\/\//.test(value) || parseGitReference(value) !== undefined)
    return { base: notABase(value), tree: files };
  if (isDirectoryName(value)) {
    const tree = () => readContext(value, IGNORE_NOTHING, run);
    return { base: () => image(`rootfs:${value}`, platform), tree };
  }
  const isRoot = ['rootfs', 'tar', 'host'].includes(parseReference(reference).kind);
  const tree = async () => {
    if (!isRoot) return (await image(reference, platform)).tree();
    return present(stack.use(await openRoot(reference, { ...access, platform })), 'root').tree();
  };
  return { base: () => image(reference, platform), tree };
}

function isDirectoryName(value: string): boolean {
  return value === '.' || value === '..' || /^\.{0,2}\//.test(value);
}

function notABase(value: string): () => Promise<State> {
  return async () => {
    throw new ImageError('USAGE', `${value} holds files to copy, and FROM wants an image`);
  };
}

async function* asynchronous<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}
