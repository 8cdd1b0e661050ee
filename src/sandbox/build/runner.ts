/**
 * Steps of a build on Linux: overlays of cached layers, mounted by a helper in namespaces of its own, and a program started in them; as
 * root or as an ordinary user.
 * @module
 */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ImageError } from '../../base/errors.ts';
import type { Changeset } from '../../model/changeset.ts';
import { unpackedSize } from '../../model/tree.ts';
import type { BuildStep, StepResult, StepRunner } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import { makeDirectories } from '../../system/directories.ts';
import { removeAsNamespaceRoot, standing } from '../namespace.ts';
import { readCache } from './cache-mounts.ts';
import { snapshottersFor } from './choose.ts';
import { LAYER } from './directories.ts';
import { withFewLayers } from './few-layers.ts';
import { type OverlayForm, PRIVILEGED } from './form.ts';
import { type Hands, helperHands, OWN_HANDS, type ReadDirectory } from './hands.ts';
import { type Helper, startHelper } from './helper/client.ts';
import type { Ended, Hello } from './helper/protocol.ts';
import { SCRATCH } from './mounts.ts';
import type { Place } from './places.ts';
import { removeCgroups } from './program.ts';
import { type Attempt, prepareStep, type StepTools, shellRequest } from './request.ts';
import { KEPT_BYTES, Snapshots, sweepSnapshots } from './snapshots.ts';
import type { SnapshotKind } from './snapshotter.ts';
import { changesOfUpper } from './upper.ts';

export interface StepRunnerOptions {
  /** Directory for layers and for what steps write; made. */
  readonly snapshots: string;
  /** Directory for cache mounts; made. */
  readonly caches: string;
  /** How layers are held; default the fastest way that this machine allows. */
  readonly kind?: SnapshotKind | undefined;
  /** What starts programs, the next one where one cannot: paths of runtimes, or {@link CHROOT}. */
  readonly runtimes: readonly [string, ...string[]];
  /** Words that start pare's own verb `step-helper`. */
  readonly helperCommand: readonly string[];
  /** Whether there is a terminal at stdin, for `inspect`. */
  readonly terminal?: boolean;
}

/** Those of a store. */
export function stepDirectories(store: string): Pick<StepRunnerOptions, 'snapshots' | 'caches'> {
  return { snapshots: join(store, 'cache', 'snapshots'), caches: join(store, 'cache', 'mounts') };
}

/** Nothing is started or made before the first step. */
export function stepRunner(options: StepRunnerOptions): StepRunner {
  let opened: Promise<Opened> | undefined;
  const going = new Set<Promise<StepResult>>();
  return {
    begin: () => {
      opened ??= open(options);
      opened.catch(() => undefined); // whoever runs a step awaits it
    },
    run: async (step, run = {}) => {
      run.signal?.throwIfAborted();
      opened ??= open(options);
      const result = runStep(step, run, await opened);
      going.add(result);
      try {
        return await result;
      } finally {
        going.delete(result);
      }
    },
    cache: async (id, run = {}) => {
      opened ??= open(options);
      return readCache(options.caches, id, (await opened).hands, run);
    },
    [Symbol.asyncDispose]: async () => {
      const found = await opened?.catch(() => undefined);
      await found?.helper[Symbol.asyncDispose]();
      // They clean up.
      await Promise.allSettled(going);
    },
  };
}

interface Opened extends StepTools {
  readonly helper: Helper;
  /** Those that have not refused yet. */
  readonly runtimes: [string, ...string[]];
}

async function open(options: StepRunnerOptions): Promise<Opened> {
  const { snapshots: directory, caches, kind, helperCommand, runtimes, terminal = false } = options;
  const who = standing();
  makeDirectories(directory);
  await sweepSnapshots(directory, { keep: KEPT_BYTES, gone: removeCgroups });
  await using stack = new AsyncDisposableStack();
  const helper = stack.use(await startHelper({ who, command: helperCommand, directory, terminal }));
  const form = who === 'root' ? PRIVILEGED : namespaceForm(helper.hello);
  const hands: Hands = who === 'user' ? helperHands(helper, directory) : OWN_HANDS;
  const snapshotters = await snapshottersFor({ who, helper, directory, hands, kind });
  const snapshots = new Snapshots(directory, { form, snapshotters });
  stack.move();
  return { who, helperCommand, helper, form, hands, caches, snapshots, runtimes: [...runtimes] };
}

function namespaceForm({ uids, gids }: Hello): OverlayForm {
  const has = (ranges: Hello['uids'], id: number) => ranges.some(([first, count]) => id >= first && id - first < count);
  const mapped = (uid: number, gid: number) => has(uids, uid) && has(gids, gid);
  return { marks: 'user.overlay.', devices: false, mapped, allXattrs: false };
}

/** With the first of the runtimes that can start a program here. */
async function runStep(step: BuildStep, run: Run, opened: Opened): Promise<StepResult> {
  for (;;) {
    const [runtime] = opened.runtimes;
    try {
      return await runWith(runtime, step, run, opened);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { runtimes } = opened;
      const [next, ...others] = runtimes.filter((one) => one !== runtime);
      if (next === undefined) throw error.failure;
      // Steps that run at the same time meet the same refusal.
      if (runtimes[0] === runtime) {
        runtimes.splice(0, runtimes.length, next, ...others);
        const text = `${error.failure.message}; steps are run with ${basename(next)} instead`;
        run.report?.({ type: 'warning', text });
      }
    }
  }
}

/** A runtime cannot start anything. */
class Refusal extends Error {
  readonly failure: ImageError;

  constructor(failure: ImageError) {
    super(failure.message);
    this.failure = failure;
  }
}

async function runWith(runtime: string, step: BuildStep, run: Run, opened: Opened): Promise<StepResult> {
  await using stack = new AsyncDisposableStack();
  const place = opened.snapshots.fresh();
  let kept = false;
  stack.defer(async () => {
    if (kept) await removeScaffold(place);
    if (kept) place[Symbol.dispose]();
    else await place.remove();
  });
  const ended = await carryOut(step, { place, run, runtime }, opened);
  const held = stack.move();
  const directory = join(place.path, LAYER);
  let reading: Promise<ReadDirectory> | undefined;
  const upper = () => (reading ??= opened.hands.read(directory, run).then((found) => held.use(found)));
  let changes: Promise<Changeset> | undefined;
  return {
    ...ended,
    changes: () => (changes ??= upper().then(({ tree }) => changesOfUpper(tree, step.root.tree, opened.form))),
    keep: async (key) => {
      kept = await opened.snapshots.keep(place, withFewLayers(step.root), key, unpackedSize((await upper()).tree));
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What the step needs besides its place, locks of caches among it, is let go of when it has ended. */
async function carryOut(
  step: BuildStep,
  attempt: Attempt,
  opened: Opened,
): Promise<Pick<StepResult, 'status' | 'outOfMemory'>> {
  await using stack = new AsyncDisposableStack();
  const { request, spec } = await prepareStep(step, { ...attempt, stack }, opened);
  const { signal } = attempt.run;
  const ended = await opened.helper.run(request, ([stream, line]) => step.output(stream, line), signal);
  const { status, outOfMemory } = ended;
  accepted(ended);
  if (status !== 0 && step.inspect !== undefined) {
    try {
      await step.inspect({
        status,
        outOfMemory,
        shell: async (args) => {
          const shell = shellRequest(args, spec, attempt, opened);
          return accepted(await ended.shell(shell, signal));
        },
      });
    } finally {
      await ended.release();
    }
  }
  return { status, outOfMemory };
}

/** @returns the status @throws Refusal */
function accepted({ status, refused }: Ended): number {
  if (refused === undefined) return status;
  const { message, hint } = refused;
  throw new Refusal(new ImageError('UNAVAILABLE', message, hint === undefined ? {} : { hint }));
}

/** Of a place whose layer is kept all that is not the layer. */
async function removeScaffold({ path }: Place): Promise<void> {
  const others = readdirSync(path).filter((name) => name === SCRATCH || /^(fs-|m\d|agent)/.test(name));
  await Promise.all(others.map((name) => removeAsNamespaceRoot(join(path, name))));
}
