/**
 * Carrying out a Dockerfile: only the stages that the target needs, each once, those that do not need one another at the same time.
 * No general graph of operations is solved: a stage waits for the stages that it names.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { otherPlatform } from '../../formats/dockerfile/lint/from.ts';
import { findStage, parseTrigger } from '../../formats/dockerfile/parse.ts';
import type { Dockerfile, Range, Stage } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { formatPlatform, normalPlatform, parsePlatform } from '../../model/platform.ts';
import { asBase, envOf } from './config.ts';
import type { BuildSettings, StageContext } from './context.ts';
import { inFile } from './failure.ts';
import { sourcesOf, stageMeant, targetStage } from './graph.ts';
import { carryOut } from './instruction.ts';
import type { BuildPorts } from './ports.ts';
import { platformArgs, withVariables } from './scope.ts';
import { type Filesystem, filesOf, type State, scratchState } from './state.ts';

/** The target's stage, built for a platform. @throws ImageError */
export async function solve(
  dockerfile: Dockerfile,
  platform: Platform,
  settings: BuildSettings,
  ports: BuildPorts,
): Promise<State> {
  const target = targetStage(dockerfile, settings.target);
  const solver = new Solver(dockerfile, platform, settings, ports, target);
  try {
    return await solver.stage(target);
  } catch (error) {
    await solver.end();
    throw error;
  }
}

class Solver {
  readonly #file: Dockerfile;
  readonly #platform: Platform;
  readonly #settings: BuildSettings;
  readonly #ports: BuildPorts;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #stages = new Map<number, Promise<State>>();
  readonly #abort = new AbortController();

  constructor(file: Dockerfile, platform: Platform, settings: BuildSettings, ports: BuildPorts, target: Stage) {
    this.#file = file;
    this.#platform = platform;
    this.#settings = settings;
    const { signal } = ports.run;
    const either = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    this.#ports = { ...ports, run: { ...ports.run, signal: either } };
    this.#globals = globalsOf(file, platformArgs(settings.buildPlatform, platform, target.name ?? 'default'), settings);
  }

  stage(stage: Stage): Promise<State> {
    const known = this.#stages.get(stage.index);
    if (known !== undefined) return known;
    const state = this.#build(stage);
    state.catch(() => undefined); // whoever asked for it awaits it
    this.#stages.set(stage.index, state);
    return state;
  }

  /** Ends what goes on, and waits until it has cleaned up. */
  async end(): Promise<void> {
    this.#abort.abort();
    for (let known = 0; known < this.#stages.size; ) {
      known = this.#stages.size;
      await Promise.allSettled(this.#stages.values());
    }
  }

  async #build(stage: Stage): Promise<State> {
    const { stages } = this.#file;
    const replaced = stage.name === undefined ? undefined : await this.#ports.named(stage.name, this.#platform);
    if (replaced !== undefined) return replaced.base();
    for (const from of sourcesOf(stage)) {
      const needed = this.#quietly(() => stageMeant(stages, from, stage.index));
      if (needed !== undefined) void this.stage(needed);
    }
    const found = await this.#located(stage.range, () => this.#base(stage));
    const base = { ...found, ...filesOf(() => this.#located(stage.range, found.root)) };
    const triggers = (base.config.OnBuild ?? []).map((text) => parseTrigger(text));
    const { OnBuild: _, ...config } = base.config;
    const own = asBase(triggers.length > 0 ? config : base.config);
    const variables = withVariables(base.variables, envOf(own));
    let state: State = { ...base, config: own, variables, ownCommand: false };
    let carriedOut = 0;
    const runs = () => stage.instructions.slice(carriedOut).some(({ kind }) => kind === 'run');
    const context = this.#context(stage, state.platform, runs);
    for (const trigger of triggers) state = await this.#located(stage.range, () => carryOut(state, trigger, context));
    for (const instruction of stage.instructions) {
      this.#ports.run.signal?.throwIfAborted();
      const before = state;
      state = await this.#located(instruction.range, () => carryOut(before, instruction, context));
      carriedOut++;
    }
    return state;
  }

  /** A mistake in a name is told where the instruction is carried out. */
  #quietly<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (error instanceof ImageError) return undefined;
      throw error;
    }
  }

  async #located<T>(range: Range, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw inFile(error, this.#file, range);
    }
  }

  async #base(stage: Stage): Promise<State> {
    const { directives } = this.#file;
    const expand = (text: string) => expandWord(text, (name) => this.#globals.get(name), directives);
    const name = expand(stage.base.text);
    if (name === '') {
      throw new ImageError('INVALID', `FROM ${stage.base.text} names nothing: its variables are empty`, {
        hint: 'declare them with ARG before the first FROM, with a default, or give them with --build-arg',
      });
    }
    const wanted = stage.platform === undefined ? '' : expand(stage.platform.text);
    const platform = wanted === '' ? this.#platform : parsePlatform(wanted, this.#settings.buildPlatform);
    const earlier = /^\d+$/.test(name) ? undefined : findStage(this.#file.stages, name, stage.index);
    const named = await this.#ports.named(name, platform);
    if (named === undefined && earlier !== undefined) return this.stage(earlier);
    if (named === undefined && name === 'scratch') return scratchState(platform);
    const label = { platform, stage: labelOf(stage, this.#file), number: 1, total: stepsOf(stage) };
    const load = () => (named === undefined ? this.#ports.image(name, platform) : named.base());
    const step = { ...label, text: `FROM ${name}` };
    const { state } = await this.#ports.steps.run(step, async () => ({ cached: false, state: await load() }));
    if (!sameMachine(state.platform, platform)) {
      const told = { found: formatPlatform(state.platform), wanted: formatPlatform(platform) };
      this.#ports.check('InvalidBaseImagePlatform', stage.base.range, otherPlatform(name, told));
    }
    return state;
  }

  /** @param runs whether a RUN is still to come */
  #context(stage: Stage, platform: Platform, runs: () => boolean): StageContext {
    const { noCache } = this.#settings;
    const find = (from: string) => this.#source(from, stage, platform);
    const label = { platform, stage: labelOf(stage, this.#file), total: stepsOf(stage) };
    let number = 1;
    return {
      ports: this.#ports,
      settings: this.#settings,
      escape: this.#file.directives.escape,
      fresh: noCache === 'all' || (stage.name !== undefined && noCache.includes(stage.name)),
      globals: this.#globals,
      source: async (from) => (from === undefined ? { chain: undefined, ...this.#ports.context } : find(from)),
      anticipate: () => {
        if (!runs()) return;
        const begun = this.#ports.runner().then((runner) => runner.begin());
        begun.catch(() => undefined); // the step that asks for the runner tells why there is none
      },
      step: (text, work) => this.#ports.steps.run({ ...label, number: Math.min(++number, label.total), text }, work),
    };
  }

  /** A named context first, then a stage, then an image. */
  async #source(from: string, stage: Stage, platform: Platform): Promise<Filesystem> {
    const named = await this.#ports.named(from, platform);
    if (named !== undefined) return { chain: undefined, tree: named.tree };
    const earlier = stageMeant(this.#file.stages, from, stage.index);
    return earlier === undefined ? this.#ports.image(from, platform) : this.stage(earlier);
  }
}

/** As BuildKit compares what a base is for: many configs leave the variant out. */
function sameMachine(a: Platform, b: Platform): boolean {
  const [one, other] = [normalPlatform(a), normalPlatform(b)];
  return one.os === other.os && one.architecture === other.architecture;
}

/** FROM, and each instruction that may make a layer. */
function stepsOf({ instructions }: Stage): number {
  return 1 + instructions.filter(({ kind }) => ['run', 'copy', 'add', 'workdir'].includes(kind)).length;
}

function labelOf({ name, index }: Stage, { stages }: Dockerfile): string {
  if (name !== undefined) return name;
  return stages.length === 1 ? 'build' : `stage-${index}`;
}

/** Global arguments: what the command line says, else their default, which may speak of those before. */
function globalsOf(
  { globalArgs, directives }: Dockerfile,
  predefined: ReadonlyMap<string, string>,
  { args }: BuildSettings,
): ReadonlyMap<string, string> {
  const known = new Map(predefined);
  for (const [name, value] of args) if (predefined.has(name)) known.set(name, value);
  for (const { name: word, value } of globalArgs.flatMap((instruction) => instruction.args)) {
    const expand = (text: string) => expandWord(text, (name) => known.get(name), directives);
    const name = expand(word.text);
    const own = args.get(name) ?? (value === undefined ? undefined : expand(value.text));
    if (own !== undefined) known.set(name, own);
  }
  return known;
}
