/** One copy of an image between a registry that suffers and another place, and what is wrong with what came of it. @module */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ImageError } from '../../src/base/errors.ts';
import { parseReference, type RemoteReference } from '../../src/formats/reference/parse.ts';
import type { Sink, Source } from '../../src/ports/content-store.ts';
import { openSink } from '../../src/sinks.ts';
import { openSource } from '../../src/sources.ts';
import { copyImage } from '../../src/transforms/copy/copy.ts';
import { openRegistrySink } from '../../src/transports/registry/sink/sink.ts';
import { openRegistrySource } from '../../src/transports/registry/source.ts';
import { type TestWorld, testAccess, testWorld } from './access.ts';
import { type FaultKind, type Faults, faults } from './faults.ts';
import {
  flawsOf,
  type Graph,
  lookIntoLayout,
  lookIntoRegistry,
  putInLayout,
  putInRegistry,
  randomGraph,
  sizeOf,
  strayFiles,
  taggedInLayout,
} from './graph.ts';
import { type Chance, chance } from './schedule.ts';
import { type Registry, type RegistryOptions, startRegistry } from './server.ts';

export type Way = 'registry → layout' | 'registry → store' | 'layout → registry' | 'registry → registry';

export interface Trial {
  readonly way: Way;
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  readonly most: number;
  readonly graph: Graph;
  /** Whether the destination has another image under the same name. */
  readonly old: Graph | undefined;
  /** Whether all that refers to the image has to come along: a registry that lies may keep that to itself. */
  readonly withReferrers: boolean;
}

export interface Outcome {
  readonly error: unknown;
  /** Empty where the destination is as it should be. */
  readonly problems: readonly string[];
  readonly faults: Faults['done'];
  /** Bytes of blobs and manifests that registries sent and received. */
  readonly moved: number;
  /** Requests that came to registries. */
  readonly requests: number;
  /** Whether a registry makes its clients send or ask for things twice, having lost nothing but the connection. */
  readonly isForgetful: boolean;
}

/** A way the trials' registries are set up: what a registry may do, and clients have to live with. */
function habits(luck: Chance): RegistryOptions {
  const users = { me: 'secret' };
  return {
    withoutRanges: luck.next() < 0.1,
    withoutReferrers: luck.next() < 0.3,
    forgetsPartial: luck.next() < 0.2,
    ...(luck.next() < 0.5
      ? {}
      : { auth: { kind: luck.pick(['basic', 'token', 'token'] as const), users, lifetime: 90 } }),
  };
}

type MakeFaults = (registry: () => Registry) => Faults;

export interface CopyOptions {
  readonly habits?: RegistryOptions;
  /** Instead of the trial's schedule. */
  readonly faults?: MakeFaults;
}

interface Suffering extends AsyncDisposable {
  readonly registry: Registry;
  readonly done: Faults['done'];
}

async function suffering(make: MakeFaults, options: RegistryOptions): Promise<Suffering> {
  const state = make(() => registry);
  const registry: Registry = await startRegistry({ ...options, around: state.around });
  return { registry, done: state.done, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

/** An end of the copy: how it is opened, and how one sees what is there. */
interface End {
  readonly registry?: Suffering;
  source?(): Promise<Source>;
  sink?(): Promise<Sink>;
  readonly look: ReturnType<typeof lookIntoRegistry>;
  readonly tagged: () => string | undefined;
  /** What lies about there. */
  readonly stray?: () => string[];
}

export async function tryCopy(trial: Trial, fixed: CopyOptions = {}): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await mkdtempDisposable(`${tmpdir()}/pare-faults-`));
  const luck = chance(trial.seed);
  const world = testWorld(trial.seed);
  let isForgetful = false;
  const registryEnd = async (name: string): Promise<End> => {
    const rate = luck.pick([0.05, 0.2, 0.5]);
    const schedule = { seed: luck.below(2 ** 31), kinds: trial.kinds, rate, most: trial.most };
    const options = { ...habits(luck), ...fixed.habits, now: world.now };
    isForgetful ||= options.withoutRanges === true || options.forgetsPartial === true;
    const make = fixed.faults ?? ((registry) => faults(schedule, registry));
    return ofRegistry(stack.use(await suffering(make, options)), name, world);
  };
  const [from, to] = trial.way.split(' → ');
  const source = from === 'registry' ? await registryEnd('some/source') : ofLayout(`${place.path}/from`, place.path);
  const sink = to === 'registry' ? await registryEnd('some/sink') : ofLayout(`${place.path}/to`, place.path, to);
  put(trial.graph, source, `${place.path}/from`, 'some/source');
  if (trial.old !== undefined)
    put(trial.old, sink, to === 'store' ? `${place.path}/store` : `${place.path}/to`, 'some/sink', to);
  const error = await copied(source, sink);
  const registries = [source, sink].flatMap(({ registry }) => registry ?? []);
  return {
    error,
    problems: [...problemsOf(trial, sink, error), ...(sink.stray?.() ?? []).map((path) => `left behind: ${path}`)],
    faults: registries.flatMap(({ done }) => done),
    moved: registries
      .flatMap(({ registry }) => registry.seen)
      .reduce((sum, { sent, received }) => sum + sent + received, 0),
    requests: registries.reduce((sum, { registry }) => sum + registry.seen.length, 0),
    isForgetful,
  };
}

/** @returns what went wrong */
async function copied(from: End, to: End): Promise<unknown> {
  try {
    await using source = await from.source?.();
    await using sink = await to.sink?.();
    if (source === undefined || sink === undefined) throw new Error('no copy between these');
    await copyImage(source, sink);
    return undefined;
  } catch (error) {
    return error;
  }
}

function problemsOf({ graph, old, withReferrers }: Trial, sink: End, error: unknown): string[] {
  const tagged = sink.tagged();
  if (error === undefined) {
    const wrong = tagged === graph.root.digest ? [] : [`done, and the tag names ${tagged}`];
    return [...wrong, ...flawsOf(graph, sink.look, withReferrers)];
  }
  const problems = error instanceof ImageError ? [] : [`not an ImageError: ${(error as Error).stack}`];
  if (tagged === undefined && old === undefined) return problems;
  // The name may have been given, and the answer lost: then it is the new image, and the whole of it.
  const named = tagged === graph.root.digest ? graph : old;
  if (named === undefined || tagged !== named.root.digest) return [...problems, `failed, and the tag names ${tagged}`];
  return [...problems, ...flawsOf(named, sink.look, false)];
}

const TAG = 'v1';

function ofRegistry(registry: Suffering, name: string, world: TestWorld): End {
  const { host, storage } = registry.registry;
  const access = testAccess({ world, credentials: { [host]: { kind: 'basic', username: 'me', password: 'secret' } } });
  const text = `docker://${host}/${name}:${TAG}`;
  const reference = parseReference(text) as RemoteReference;
  const repository = storage.repository(name);
  return {
    registry,
    source: () => openRegistrySource(reference.named, access, { text }),
    sink: () => openRegistrySink(reference, access),
    look: lookIntoRegistry(repository),
    tagged: () => repository.tags.get(TAG),
  };
}

function ofLayout(path: string, home: string, kind = 'layout'): End {
  const access = { env: { PARE_HOME: `${home}/store`, HOME: home } };
  const isStore = kind === 'store';
  const reference = isStore ? `some/sink:${TAG}` : `oci:${path}:${TAG}`;
  const dir = isStore ? `${home}/store` : path;
  return {
    source: () => openSource(reference, access),
    sink: () => openSink(reference, access),
    look: lookIntoLayout(dir),
    stray: () => strayFiles(dir),
    tagged: () => taggedInLayout(dir, isStore ? `docker.io/some/sink:${TAG}` : TAG),
  };
}

function put(graph: Graph, { registry }: End, dir: string, repository: string, kind?: string): void {
  if (registry !== undefined) putInRegistry(graph, registry.registry.storage.repository(repository), TAG);
  else putInLayout(graph, dir, kind === 'store' ? `docker.io/some/sink:${TAG}` : TAG);
}

const SIZES = [0, 1, 70, 5_000, 70_000, 300_000, 1_200_000];

/** Images to be copied, and one that is there before: made once, since making noise takes longer than copying it. */
export function graphs(
  count: number,
  sizes: readonly number[] = SIZES,
): { readonly all: readonly Graph[]; readonly old: Graph } {
  const luck = chance(4711);
  return {
    all: Array.from({ length: count }, () => randomGraph(luck, { sizes })),
    old: randomGraph(luck, { sizes: [500] }),
  };
}

/** Whether what was moved is the image, and a little for each fault: what is there is not sent again. */
export function movedTooMuch({ graph, way }: Trial, { moved, faults: done, isForgetful }: Outcome): string[] {
  const ways = way === 'registry → registry' ? 2 : 1;
  const most = ways * sizeOf(graph) + DOCUMENTS + SLACK * done.length;
  if (isForgetful) return [];
  return moved <= most ? [] : [`${moved} bytes for ${sizeOf(graph)}, with ${done.length} faults`];
}

/** What is on its way when a connection is lost. */
const SLACK = 128 * 1024;
/** Tokens, and what refers to the image. */
const DOCUMENTS = 16 * 1024;
