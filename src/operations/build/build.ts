/** Building from a Dockerfile to references. @module */

import type { BuildSettings } from '../../builders/dockerfile/context.ts';
import { type BuiltImage, imageOf, platformOf } from '../../builders/dockerfile/image.ts';
import type { BuildPorts } from '../../builders/dockerfile/ports.ts';
import { solve } from '../../builders/dockerfile/solve.ts';
import type { State } from '../../builders/dockerfile/state.ts';
import { parseDockerfile } from '../../formats/dockerfile/parse.ts';
import type { Root } from '../../ports/root.ts';
import { treeFiles } from '../../ports/tree-files.ts';
import type { Access } from '../../sources.ts';
import { storeDirectory } from '../../store/directory.ts';
import { machinePlatform } from '../../system/machine.ts';
import type { SizeHint } from '../../transforms/waste/built.ts';
import { annotationsOf, assertIndex } from './annotations.ts';
import { assertArguments, assertFrontend, isSet, warnOfArguments } from './arguments.ts';
import { withMemory } from './cache/inline.ts';
import { type SentCache, sendCaches } from './cache/send.ts';
import { openBuildSource } from './contexts.ts';
import type { BuildOptions } from './options.ts';
import { laterChecks, reportChecks } from './report-checks.ts';
import { type SavedBuild, type SaveForm, saveBuild } from './save.ts';
import { squashed } from './squash.ts';
import { warnOfUnused } from './unused.ts';
import { buildWorld, openOutside } from './world.ts';

export interface Building extends AsyncDisposable {
  /** One for each platform. */
  readonly images: readonly BuiltImage[];
  /** Writes it: an image, an index of several, or a root filesystem. */
  save(reference: string, form?: SaveForm): Promise<SavedBuild>;
  /** Sends what it remembers to the places of `cacheTo`. */
  sendCaches(): Promise<readonly SentCache[]>;
  /** What the target's stage is of the first platform, to pack programs from. */
  root(): Promise<Root>;
  /** What the image of the first platform could do without, largest first. Looks at the files of all layers. */
  hints(): Promise<readonly SizeHint[]>;
}

/**
 * Builds; nothing is named before {@link Building.save}. What was read and made stays open until it is disposed of.
 * @throws ImageError, with the lines of the Dockerfile where one of them fails
 */
export async function openBuilding(options: BuildOptions, access: Access): Promise<Building> {
  await using whole = new AsyncDisposableStack();
  // Some of it is opened only after the build, when it is sent somewhere.
  const stack = whole.use(new AsyncDisposableStack());
  const { run = {} } = access;
  const isIndex = options.platforms.length > 1 || isSet(options.args, 'BUILDKIT_MULTI_PLATFORM');
  assertArguments(options.args);
  assertIndex(options.annotations, isIndex);
  const outside = openOutside(options, stack, access);
  const keepGitDir = isSet(options.args, 'BUILDKIT_CONTEXT_KEEP_GIT_DIR');
  const asked = { ...options, keepGitDir, store: storeDirectory(access.env) };
  const source = await openBuildSource(asked, outside, stack, run);
  const dockerfile = parseDockerfile(source.dockerfile, source.name);
  assertFrontend(dockerfile, options.args);
  reportChecks(dockerfile, options, source.ignore);
  warnOfArguments(dockerfile, options);
  warnOfUnused(dockerfile, options);
  const { ports: known, memo, contents, sendable, rest } = buildWorld(source, outside, options, stack, access);
  const ports: BuildPorts = { ...known, check: laterChecks(dockerfile, options) };
  const settings: BuildSettings = {
    ...options,
    buildPlatform: machinePlatform(),
    clock: { time: options.epoch ?? Math.floor(Date.now() / 1000), clamps: options.epoch !== undefined },
  };
  const states: State[] = [];
  for (const platform of options.platforms) states.push(await solve(dockerfile, platform, settings, ports));
  if ((options.cacheTo ?? []).length === 0) rest(); // caches hold what lies in mounts, which it reads
  await contents.save();
  sendable.memory.markUsed();
  const images: BuiltImage[] = [];
  for (const [i, state] of states.entries()) {
    const platform = platformOf(state, options.isPlatformAsked ? options.platforms[i] : undefined);
    const own = annotationsOf(options.annotations, 'manifest', platform) ?? {};
    const image = withMemory(imageOf(state, settings, platform, options.labels, own), state, sendable, options);
    images.push(options.squash ? await squashed(image, state) : image);
  }
  const open = whole.move();
  const [first] = states as [State];
  return {
    images,
    save: (reference, form = {}) =>
      saveBuild({ images, isIndex, annotations: options.annotations }, reference, form, memo, access),
    sendCaches: () => {
      const keys = new Set(states.flatMap((state) => state.keys));
      return sendCaches(options.cacheTo ?? [], { ...sendable, keys }, access);
    },
    root: () => rootOf(first, images[0] as BuiltImage),
    hints: async () => {
      const { hintsOf } = await import('./hints.ts');
      return hintsOf(first, { dockerfile, contents, squash: options.squash });
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function rootOf(state: State, { config }: BuiltImage): Promise<Root> {
  const { platform } = state;
  const tree = await state.tree();
  return {
    reference: 'the build',
    files: treeFiles(tree),
    tree: async () => tree,
    platform,
    image: undefined,
    config: { ...platform, config, rootfs: { type: 'layers', diff_ids: [] } },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
