/** One copy of an image between a registry that suffers and another place, and what is wrong with what came of it. @module */
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { ImageError } from '../../src/base/errors.ts';
import { copyImage } from '../../src/transforms/copy/copy.ts';
import { testWorld } from './access.ts';
import { type End, layoutEnd, registryEnd, storeEnd } from './ends.ts';
import type { FaultKind } from './fault-kinds.ts';
import { type Faults, faults } from './faults.ts';
import { flawsOf, type Graph, randomGraph, sizeOf } from './graph.ts';
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
  /** Another host, which blobs may come from. */
  readonly store: Registry;
  readonly done: Faults['done'];
}

async function suffering(make: MakeFaults, options: RegistryOptions, blobsAreElsewhere: boolean): Promise<Suffering> {
  await using stack = new AsyncDisposableStack();
  const { around, done } = make(() => registry);
  const store = stack.use(await startRegistry({ around }));
  const elsewhere = blobsAreElsewhere ? { blobsFrom: () => store.origin } : {};
  const registry: Registry = stack.use(
    await startRegistry({ ...options, ...elsewhere, around, storage: store.storage }),
  );
  const opened = stack.move();
  return { registry, store, done, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

export async function tryCopy(trial: Trial, fixed: CopyOptions = {}): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await mkdtempDisposable(`${tmpdir()}/pare-faults-`));
  const luck = chance(trial.seed);
  const world = testWorld(trial.seed);
  const registries: Suffering[] = [];
  let isForgetful = false;
  const open = async (kind: string | undefined, dir: string): Promise<End> => {
    if (kind === 'store') return storeEnd(dir);
    if (kind === 'layout') return layoutEnd(dir);
    const schedule = {
      kinds: trial.kinds,
      most: trial.most,
      rate: luck.pick([0.05, 0.2, 0.5]),
      seed: luck.below(2 ** 31),
    };
    const options = { ...habits(luck), ...fixed.habits, now: world.now };
    isForgetful ||= options.withoutRanges === true || options.forgetsPartial === true;
    const make = fixed.faults ?? ((registry) => faults(schedule, registry));
    const made = stack.use(await suffering(make, options, luck.next() < 0.3));
    registries.push(made);
    return registryEnd(made.registry, world);
  };
  const [from, to] = trial.way.split(' → ');
  const source = await open(from, `${place.path}/from`);
  const sink = await open(to, `${place.path}/to`);
  source.put(trial.graph);
  if (trial.old !== undefined) sink.put(trial.old);
  const error = await copied(source, sink);
  const seen = registries.flatMap(({ registry, store }) => [...registry.seen, ...store.seen]);
  return {
    error,
    problems: [...problemsOf(trial, sink, error), ...sink.stray().map((path) => `left behind: ${path}`)],
    faults: registries.flatMap(({ done }) => done),
    moved: seen.reduce((sum, { sent, received }) => sum + sent + received, 0),
    requests: seen.length,
    isForgetful,
  };
}

/** @returns what went wrong */
async function copied(from: End, to: End): Promise<unknown> {
  try {
    await using source = await from.source();
    await using sink = await to.sink();
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

const SIZES = [0, 1, 70, 5_000, 70_000, 300_000, 1_200_000];

/** Images to be copied, and one that is there before: made once, since making noise takes longer than copying it. */
export function graphs(count: number): { readonly all: readonly Graph[]; readonly old: Graph } {
  const luck = chance(4711);
  const all = Array.from({ length: count }, () => randomGraph(luck, { sizes: SIZES }));
  return { all, old: randomGraph(luck, { sizes: [500] }) };
}

/** Whether what was moved is the image, and a little for each fault: what is there is not sent again. */
export function movedTooMuch({ graph, way }: Trial, { moved, faults: done, isForgetful }: Outcome): string[] {
  const ways = way === 'registry → registry' ? 2 : 1;
  const most = ways * sizeOf(graph) + DOCUMENTS + SLACK * done.length;
  if (isForgetful) return [];
  return moved <= most ? [] : [`${moved} bytes for ${sizeOf(graph)}, with ${done.length} faults`];
}

/** What is on its way when a connection is lost: in the buffers of both ends, where the reader is slow. */
const SLACK = 512 * 1024;
/** Tokens, and what refers to the image. */
const DOCUMENTS = 16 * 1024;
