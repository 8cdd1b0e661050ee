/** What a build needs of this machine, put together. @module */
import { digestOf, encodedOf } from '../../base/digest.ts';
import type { BuildPorts } from '../../builders/dockerfile/ports.ts';
import type { State } from '../../builders/dockerfile/state.ts';
import { Steps } from '../../builders/dockerfile/steps.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { parseReference } from '../../formats/reference/parse.ts';
import { formatPlatform } from '../../model/platform.ts';
import type { Tree } from '../../model/tree.ts';
import type { StepRunner } from '../../ports/build-steps.ts';
import { stepDirectories, stepRunner } from '../../sandbox/build/runner.ts';
import { snapshotKindIn } from '../../sandbox/build/snapshotter.ts';
import { CHROOT, findStepRuntimes } from '../../sandbox/runtime.ts';
import type { Access } from '../../sources.ts';
import { type BuildMemo, buildCacheDir, openBuildMemo } from '../../store/build-memo.ts';
import { openContentDigests, type RememberedDigests } from '../../store/content-digests.ts';
import { cacheDir, storeDirectory } from '../../store/directory.ts';
import { openLayerCache } from '../../store/layer-cache.ts';
import { openStore, type StoreSession } from '../../store/session.ts';
import { archiveEntries } from './archive.ts';
import { type ImportedCache, openCaches } from './cache/import.ts';
import { sharedMemory } from './cache/memory.ts';
import { fillingMounts } from './cache/mounts.ts';
import type { Sendable } from './cache/send.ts';
import type { BuildSource, Remotes } from './contexts.ts';
import { download } from './download.ts';
import { openDownloads } from './downloads.ts';
import { checkout } from './git.ts';
import { stateOf, stateOfTree } from './images.ts';
import { namedContexts } from './named-contexts.ts';
import type { BuildOptions } from './options.ts';
import { secretReader } from './secrets.ts';
import { sshAgents } from './ssh.ts';

export interface World {
  /** All but what knows the Dockerfile. */
  readonly ports: Omit<BuildPorts, 'check'>;
  readonly memo: BuildMemo;
  readonly contents: RememberedDigests;
  /** For `--cache-to`. */
  readonly sendable: Omit<Sendable, 'keys'>;
  /** No step comes any more: what ran them ends while other things are done. */
  rest(): void;
}

/** Each asked once: addresses, secrets, agents. */
export interface Outside extends Remotes, Pick<BuildPorts, 'secret' | 'ssh'> {}

/** What is opened stays so until the stack is disposed of. */
export function openOutside(
  { secrets, ssh: agents }: Pick<BuildOptions, 'secrets' | 'ssh'>,
  stack: AsyncDisposableStack,
  { env, run = {} }: Access,
): Outside {
  const secret = secretReader(secrets, env, run);
  const ssh = sshAgents(agents, stack, run);
  const downloads = openDownloads(`${buildCacheDir(storeDirectory(env))}/downloads`);
  const files = remembering<Awaited<ReturnType<Remotes['http']>>>();
  const trees = remembering<Awaited<ReturnType<Remotes['git']>>>();
  return {
    secret,
    ssh,
    http: (url, checksum) =>
      files(JSON.stringify([url, checksum]), () => download(url, checksum, downloads, stack, run)),
    git: (url, { keepGitDir, checksum }) =>
      trees(JSON.stringify([url, keepGitDir, checksum]), () =>
        checkout(url, { keepGitDir, checksum, access: { env, secret, agent: () => ssh('default') } }, stack, run),
      ),
  };
}

/** What is opened stays so until the stack is disposed of. */
export function buildWorld(
  source: BuildSource,
  outside: Outside,
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
  const once = remembering<State>();
  const image = (reference: string, platform: Platform) =>
    once(`${reference} ${formatPlatform(platform)}`, () =>
      stateOf(options.pull ? pulled(reference) : reference, platform, layers, stack, access),
    );
  const { contexts } = options;
  const stateOfFiles = (tree: Tree, platform: Platform) => stateOfTree(tree, platform, layers, access);
  const named = namedContexts({ contexts, remotes: outside, image, stateOf: stateOfFiles }, stack, access);
  const warned = new Set<string>();
  // Of several platforms, once.
  const warn = (text: string) => {
    if (!warned.has(text)) options.report({ kind: 'warning', text });
    warned.add(text);
  };
  const { cacheFrom = [] } = options;
  let opened: Promise<ImportedCache> | undefined;
  const imported = cacheFrom.length === 0 ? undefined : () => (opened ??= openCaches(cacheFrom, stack, access, warn));
  const session = remembering<StoreSession | undefined>();
  const memory = sharedMemory({
    dir: store,
    memo,
    layers,
    contents,
    session: () => session(store, async () => held(await openStore(store, { create: false }, run), stack)),
    imported,
  });
  const mounts = new Set<string>();
  let started: Promise<StepRunner> | undefined;
  const runner = () => (started ??= openRunner(store, options, stack, access.env));
  const ports: World['ports'] = {
    context: {
      tree: source.context,
      assertThere: source.assertThere,
      ...(source.fingerprint && { fingerprint: source.fingerprint }),
    },
    named: async (name, platform) => named(name, platform),
    image,
    layers: memory.layers,
    memo: memory.memo,
    contents: memory.contents,
    remote: outside,
    archive: (file) => archiveEntries(file, stack, run),
    cacheMount: (id) => void mounts.add(id),
    runner: async () =>
      imported === undefined ? runner() : fillingMounts(await runner(), { imported, layers: memory.layers, warn }),
    secret: outside.secret,
    ssh: outside.ssh,
    steps: new Steps(options.report, options.platforms.length > 1),
    inspect: options.inspect,
    warn,
    run,
  };
  const rest = () => {
    const ended = started?.then((one) => one[Symbol.asyncDispose]());
    ended?.catch(() => undefined); // it is awaited where the stack is disposed of
  };
  return { ports, memo, contents, sendable: { memory, memo, layers, mounts, imported, runner, warn }, rest };
}

function remembering<T>(): (key: string, make: () => Promise<T>) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key, make) => {
    const found = known.get(key) ?? make();
    known.set(key, found);
    return found;
  };
}

function held(session: StoreSession | undefined, stack: AsyncDisposableStack): StoreSession | undefined {
  return session && stack.use(session);
}

/** What the registry has, whatever the store has. */
function pulled(reference: string): string {
  const parsed = parseReference(reference);
  return parsed.kind === 'store' && parsed.named !== undefined ? `docker://${reference}` : reference;
}

async function openRunner(
  store: string,
  { helperCommand, runtime, inspect, report }: BuildOptions,
  stack: AsyncDisposableStack,
  env: Access['env'],
): Promise<StepRunner> {
  const runtimes = await findStepRuntimes(runtime);
  if (runtime === undefined && runtimes[0] === CHROOT) {
    report({ kind: 'warning', text: 'neither runc nor crun is installed: steps are run with chroot, less isolated' });
  }
  const kind = snapshotKindIn(env);
  const terminal = inspect !== undefined;
  return stack.use(stepRunner({ ...stepDirectories(store), kind, runtimes, helperCommand, terminal }));
}
