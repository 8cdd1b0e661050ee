/**
 * Steps of a build on Linux: overlays of cached layers, mounted by a helper in namespaces of its own, and runc or crun in them; as root
 * or as an ordinary user.
 * @module
 */
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from '../../base/errors.ts';
import type { Changeset } from '../../model/changeset.ts';
import { unpackedSize } from '../../model/tree.ts';
import type { BuildStep, StepResult, StepRunner } from '../../ports/build-steps.ts';
import type { Run } from '../../ports/run.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import { makeDirectories } from '../../system/directories.ts';
import { allCapabilities } from '../capabilities.ts';
import { DEFAULT_PATH } from '../docker-defaults.ts';
import { removeAsNamespaceRoot, type Standing, standing } from '../namespace.ts';
import { preflight } from '../preflight.ts';
import { runtimeSpec } from '../runtime-spec.ts';
import { suppliedContents } from '../supplied.ts';
import { programUser } from '../users.ts';
import { type OverlayForm, PRIVILEGED } from './form.ts';
import { type Hands, helperHands, OWN_HANDS, type ReadDirectory } from './hands.ts';
import { type Helper, startHelper } from './helper/client.ts';
import type { Hello, RunRequest } from './helper/protocol.ts';
import { mountPoints, overlayOf, type Preparation, prepareMount, SCRATCH, type Workshop } from './mounts.ts';
import { type Place, removePlace } from './places.ts';
import { KEPT_BYTES, LAYER, Snapshots, sweepSnapshots } from './snapshots.ts';
import { changesOfUpper } from './upper.ts';

export interface StepRunnerOptions {
  /** Directory for layers and for what steps write; made. */
  readonly snapshots: string;
  /** Directory for cache mounts; made. */
  readonly caches: string;
  /** Path of runc or crun. */
  readonly runtime: string;
  /** Words that start pare's own verb `step-helper`. */
  readonly helperCommand: readonly string[];
}

/** Those of a store. */
export function stepDirectories(store: string): Pick<StepRunnerOptions, 'snapshots' | 'caches'> {
  return { snapshots: join(store, 'cache', 'snapshots'), caches: join(store, 'cache', 'mounts') };
}

/** Nothing is started or made before the first step. */
export function stepRunner(options: StepRunnerOptions): StepRunner {
  let opened: Promise<Opened> | undefined;
  return {
    run: async (step, run = {}) => {
      run.signal?.throwIfAborted();
      opened ??= open(options);
      return runStep(step, run, await opened, options);
    },
    [Symbol.asyncDispose]: async () => {
      const found = await opened?.catch(() => undefined);
      await found?.helper[Symbol.asyncDispose]();
    },
  };
}

interface Opened extends Workshop {
  readonly who: Standing;
  readonly helper: Helper;
}

async function open({ snapshots: directory, caches, helperCommand: command }: StepRunnerOptions): Promise<Opened> {
  const who = standing();
  makeDirectories(directory);
  await sweepSnapshots(directory, { keep: KEPT_BYTES, gone: removeCgroups });
  const helper = await startHelper({ who, command, directory });
  const form = who === 'root' ? PRIVILEGED : namespaceForm(helper.hello);
  const hands: Hands = who === 'user' ? helperHands(helper, directory) : OWN_HANDS;
  return { who, helper, form, hands, caches, snapshots: new Snapshots(directory, { form, hands }) };
}

function namespaceForm({ uids, gids }: Hello): OverlayForm {
  const has = (ranges: Hello['uids'], id: number) => ranges.some(([first, count]) => id >= first && id - first < count);
  const mapped = (uid: number, gid: number) => has(uids, uid) && has(gids, gid);
  return { marks: 'user.overlay.', devices: false, mapped, allXattrs: false };
}

async function runStep(step: BuildStep, run: Run, opened: Opened, options: StepRunnerOptions): Promise<StepResult> {
  await using stack = new AsyncDisposableStack();
  const place = opened.snapshots.fresh();
  let kept = false;
  stack.defer(async () => {
    if (kept) await removeScaffold(place);
    place[Symbol.dispose]();
    if (!kept) await removePlace(opened.snapshots.directory, place.name);
  });
  const status = await carryOut(step, place, run, opened, options);
  const held = stack.move();
  const directory = join(place.path, LAYER);
  let reading: Promise<ReadDirectory> | undefined;
  const upper = () => (reading ??= opened.hands.read(directory, run).then((found) => held.use(found)));
  let changes: Promise<Changeset> | undefined;
  return {
    status,
    changes: () => (changes ??= upper().then(({ tree }) => changesOfUpper(tree, step.root.tree, opened.form))),
    keep: async (key) => {
      opened.snapshots.keep(place, step.root, key, unpackedSize((await upper()).tree));
      kept = true;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** What the step needs besides its place, locks of caches among it, is let go of when it has ended. */
async function carryOut(
  step: BuildStep,
  place: Place,
  run: Run,
  opened: Opened,
  options: StepRunnerOptions,
): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const request = await prepare(step, { place, stack, run }, opened, options);
  const { status } = await opened.helper.run(request, ([stream, line]) => step.output(stream, line), run.signal);
  return status;
}

/** Of a place whose layer is kept all that is not the layer. */
async function removeScaffold({ path }: Place): Promise<void> {
  const others = readdirSync(path).filter((name) => name === SCRATCH || /^(fs-|m\d|agent)/.test(name));
  await Promise.all(others.map((name) => removeAsNamespaceRoot(join(path, name))));
}

type Beginning = Pick<Preparation, 'place' | 'stack' | 'run'>;

async function prepare(
  step: BuildStep,
  beginning: Beginning,
  opened: Opened,
  options: StepRunnerOptions,
): Promise<RunRequest> {
  const prepared: Preparation = { ...beginning, mounts: [], files: [], owners: [], shown: [], variables: [] };
  const { place } = prepared;
  const taken = new Set(step.mounts.flatMap((mount) => ('path' in mount ? [mount.path] : [])));
  const texts = await suppliedContents(step, step.extraHosts);
  const supplied = Object.entries(texts).filter(([path]) => !taken.has(path));
  const points = mountPoints(
    step.mounts,
    supplied.map(([path]) => path),
  );
  const root = await overlayOf(step.root, { name: LAYER, points, readOnly: false }, prepared, opened);
  for (const [i, mount] of step.mounts.entries()) await prepareMount(mount, i, step.mounts, prepared, opened);
  mkdirSync(join(place.path, SCRATCH), { mode: 0o700 });
  const scratch = join(place.name, SCRATCH);
  for (const [path, text] of supplied) supply(path, text, scratch, prepared, opened);
  const spec = await specOf(step, root, prepared, opened);
  const config = {
    path: join(scratch, 'config.json'),
    mode: 0o600,
    uid: 0,
    gid: 0,
    content: base64(JSON.stringify(spec)),
  };
  return {
    scratch,
    mounts: prepared.mounts,
    files: [...prepared.files, config],
    owners: prepared.owners,
    ...commands(scratch, place, opened.who, options),
    runtime: options.runtime,
    stdin: base64(step.stdin ?? ''),
  };
}

const base64 = (data: string | Uint8Array): string => Buffer.from(data as Uint8Array).toString('base64');

function supply(
  path: string,
  text: string,
  scratch: string,
  { files, shown }: Preparation,
  { snapshots }: Workshop,
): void {
  const file = join(scratch, path.replaceAll('/', '_'));
  files.push({ path: file, mode: 0o644, uid: 0, gid: 0, content: base64(text) });
  const source = join(snapshots.directory, file);
  shown.push({ destination: path, type: 'bind', source, options: ['rbind', 'rprivate', 'rw'] });
}

async function specOf(
  step: BuildStep,
  root: string,
  prepared: Preparation,
  { snapshots, who }: Opened,
): Promise<object> {
  const files = treeFiles(step.root.tree);
  const { args, cwd, user } = step.process;
  const { uid, gid, groups, home } = await programUser(files, user);
  const env = environment([...step.process.env, ...prepared.variables], home);
  const process = { args, env, cwd, uid, gid, groups };
  const { hostname, network, shmSize, ulimits } = step;
  const rest = {
    hostname,
    network,
    readOnly: false,
    scratch: [],
    stdin: true,
    terminal: false,
    output: 'inherit',
  } as const;
  // What a mount may supply, the runtime has to say.
  const mayBeElsewhere = step.mounts.some(({ kind }) => kind === 'bind' || kind === 'cache');
  if (!mayBeElsewhere) await preflight(files, { process, volumes: [], ...rest });
  return runtimeSpec(
    { root: '', process, volumes: [], ...rest },
    {
      root: join(snapshots.directory, root),
      supplied: [],
      privileged: who === 'root',
      mounts: prepared.shown,
      ulimits,
      ...(step.security === 'insecure' ? { insecure: allCapabilities(who) } : {}),
      ...(shmSize === undefined ? {} : { shmSize }),
    },
  );
}

/** The last value of each name. */
function environment(lines: readonly string[], home: string): readonly string[] {
  const values = new Map([
    ['PATH', DEFAULT_PATH],
    ['HOME', home],
  ]);
  for (const line of lines) {
    const cut = line.indexOf('=');
    if (cut > 0) values.set(line.slice(0, cut), line.slice(cut + 1));
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

function commands(
  scratch: string,
  place: Place,
  who: Standing,
  { runtime, snapshots }: StepRunnerOptions,
): Pick<RunRequest, 'command' | 'killCommand' | 'log'> {
  const at = join(snapshots, scratch);
  const log = join(at, 'log');
  const own = who !== 'root' && basename(runtime) === 'crun' ? ['--cgroup-manager=disabled'] : [];
  const base = [runtime, '--root', join(at, 'state'), '--log', log, '--log-format', 'json', ...own];
  const id = container(place.name);
  return {
    log,
    command: [...base, 'run', '--bundle', at, id],
    killCommand: [...base, 'delete', '--force', id],
  };
}

const container = (place: string): string => `pare-${place}`;

/** Groups of a step whose pare was killed are empty, and stay until somebody removes them. */
function removeCgroups(place: string): void {
  const top = '/sys/fs/cgroup';
  for (const path of [top, ...directoriesIn(top)]) {
    try {
      rmdirSync(join(path, container(place)));
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }
}

function directoriesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}
