/**
 * Carrying out a Dockerfile: only the stages that the target needs, each once, those that do not need one another at the same time.
 * No general graph of operations is solved: a stage waits for the stages that it names.
 * @module
 */
import { ImageError } from '../../base/errors.ts';
import { cleanPath } from '../../base/path.ts';
import { lint } from '../../formats/dockerfile/lint/lint.ts';
import type { LintFinding } from '../../formats/dockerfile/lint/report.ts';
import type {
  AddInstruction,
  CopyInstruction,
  Dockerfile,
  Instruction,
  Range,
  Stage,
} from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { beginOn } from './begin.ts';
import { asBase, envOf } from './config.ts';
import type { Scope } from './configure.ts';
import type { BuildSettings, StageContext } from './context.ts';
import { patternOf } from './copy-step.ts';
import { copyWords } from './copy-words.ts';
import { atWord, inFile } from './failure.ts';
import { sourcesOf, stageMeant, targetStage } from './graph.ts';
import { carryOut } from './instruction.ts';
import { Names } from './names.ts';
import type { BuildPorts } from './ports.ts';
import { rehearse } from './rehearse.ts';
import { assertAllowed, assertGiven, mountsIn } from './run-step.ts';
import { globalsOf, platformArgs } from './scope.ts';
import { type Filesystem, filesOf, type State } from './state.ts';
import { labelOf, stepsOf } from './steps.ts';

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
    await solver.rehearse(target);
    await solver.checkVariables();
    return await solver.stage(target);
  } catch (error) {
    await solver.end();
    throw error;
  }
}

class Solver {
  readonly #file: Dockerfile;
  readonly #settings: BuildSettings;
  readonly #ports: BuildPorts;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #names: Names;
  /** What stages come to but for their files. */
  readonly #rehearsed = new Map<number, Promise<State>>();
  readonly #stages = new Map<number, Promise<State>>();
  readonly #abort = new AbortController();

  constructor(file: Dockerfile, platform: Platform, settings: BuildSettings, ports: BuildPorts, target: Stage) {
    this.#file = file;
    this.#settings = settings;
    const { signal } = ports.run;
    const either = signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal]);
    this.#ports = { ...ports, run: { ...ports.run, signal: either } };
    this.#globals = globalsOf(file, platformArgs(settings.buildPlatform, platform, target.name ?? 'default'), settings);
    this.#names = new Names(file, platform, settings, this.#ports, this.#globals);
  }

  /**
   * Before anything is carried out: images are looked up, and every instruction of what will be built is gone through, since what
   * its variables come to is known then.
   */
  rehearse(stage: Stage): Promise<State> {
    return remembered(this.#rehearsed, stage, () => this.#rehearse(stage));
  }

  /** What the checks could not tell of the file alone: which variables a base image has. */
  async checkVariables(): Promise<void> {
    const known = new Map<Stage, ReadonlyMap<string, string>>();
    for (const index of this.#rehearsed.keys()) {
      const stage = this.#file.stages[index] as Stage;
      const ground = await this.#names.ground(stage);
      if (ground.kind === 'image') known.set(stage, envOf(asBase(ground.state.config)));
    }
    const options = { buildArgs: this.#settings.args };
    const told = new Set(lint(this.#file, options).map(textOf));
    const isBuilt = (line: number) =>
      this.#rehearsed.has(this.#file.stages.findLastIndex(({ range }) => range.start.line <= line));
    for (const one of lint(this.#file, { ...options, baseEnvironment: (stage) => known.get(stage) })) {
      const { rule, message, range } = one;
      const isNew = rule === 'UndefinedVar' && !told.has(textOf(one)) && isBuilt(range.start.line);
      if (isNew) this.#ports.check(rule, range, message);
    }
  }

  stage(stage: Stage): Promise<State> {
    return remembered(this.#stages, stage, () => this.#build(stage));
  }

  /** Ends what goes on, and waits until it has cleaned up. */
  async end(): Promise<void> {
    this.#abort.abort();
    await this.#names.settled();
    for (const states of [this.#rehearsed, this.#stages]) {
      for (let known = 0; known < states.size; ) {
        known = states.size;
        await Promise.allSettled(states.values());
      }
    }
  }

  async #rehearse(stage: Stage): Promise<State> {
    const ground = await this.#names.ground(stage);
    if (ground.kind === 'replaced') return ground.state;
    const sources = this.#rehearseSources(stage);
    const base = ground.kind === 'stage' ? await this.rehearse(ground.stage) : ground.state;
    const { triggers, ...begun } = beginOn(base);
    let { state } = begun;
    const scope = { settings: this.#settings, escape: this.#file.directives.escape, globals: this.#globals };
    const go = async (instruction: Instruction) => {
      const after = rehearse(state, instruction, scope);
      if (instruction.kind === 'copy' || instruction.kind === 'add') this.#assertThere(state, instruction, scope);
      if (instruction.kind !== 'run') return after;
      assertAllowed(instruction, this.#settings);
      for (const mount of mountsIn(state, instruction, scope)) {
        await assertGiven(mount, this.#ports);
        const isOfContext = mount.type === 'bind' && mount.from === undefined;
        if (isOfContext) this.#ports.context.assertThere(cleanPath(`/${mount.source}`));
      }
      return after;
    };
    for (const trigger of triggers) state = await this.#located(stage.range, () => go(trigger), true);
    for (const instruction of stage.instructions) state = await this.#located(instruction.range, () => go(instruction));
    await sources;
    return state;
  }

  /** What is taken of the build context. */
  #assertThere(state: State, instruction: CopyInstruction | AddInstruction, scope: Scope): void {
    if (instruction.kind === 'copy' && instruction.from !== undefined) return;
    for (const source of copyWords(state, instruction, scope).sources) {
      if (source.kind !== 'path') continue;
      const isAny = atWord(source.range, () => this.#ports.context.assertThere(patternOf(source.text, instruction)));
      const place = `${this.#file.name}:${source.range.start.line}`;
      if (!isAny) this.#ports.warn(`${place}: nothing in the context matches "${source.text}", and nothing is copied`);
    }
  }

  /** What its instructions take from. */
  #rehearseSources(stage: Stage): Promise<unknown> {
    const all = stage.instructions.flatMap((instruction) => {
      const { range } = instruction;
      return sourcesOf(instruction).map((from) =>
        this.#located(range, async () => {
          const meaning = await this.#names.source(from, stage, range);
          if (meaning.kind === 'stage') await this.rehearse(meaning.stage);
        }),
      );
    });
    const done = Promise.all(all);
    done.catch(() => undefined); // it is awaited behind the instructions
    return done;
  }

  async #build(stage: Stage): Promise<State> {
    const ground = await this.#names.ground(stage);
    if (ground.kind === 'replaced') return ground.state;
    for (const from of stage.instructions.flatMap(sourcesOf)) {
      const needed = this.#quietly(() => stageMeant(this.#file.stages, from, stage.index));
      if (needed !== undefined) void this.stage(needed);
    }
    const found = ground.kind === 'stage' ? await this.stage(ground.stage) : ground.state;
    const base = { ...found, ...filesOf(() => this.#located(stage.range, found.root)) };
    const { triggers, ...begun } = beginOn(base);
    let { state } = begun;
    let carriedOut = 0;
    const runs = () => stage.instructions.slice(carriedOut).some(({ kind }) => kind === 'run');
    const context = this.#context(stage, state.platform, runs);
    for (const trigger of triggers) {
      state = await this.#located(stage.range, () => carryOut(state, trigger, context(stage.range)), true);
    }
    for (const instruction of stage.instructions) {
      this.#ports.run.signal?.throwIfAborted();
      const { range } = instruction;
      const before = state;
      state = await this.#located(range, () => carryOut(before, instruction, context(range)));
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

  async #located<T>(range: Range, work: () => Promise<T>, isTrigger?: boolean): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw inFile(error, this.#file, range, isTrigger);
    }
  }

  /** @param runs whether a RUN is still to come @returns of an instruction's lines */
  #context(stage: Stage, platform: Platform, runs: () => boolean): (range: Range) => StageContext {
    const { noCache } = this.#settings;
    const label = { platform, stage: labelOf(stage, this.#file), total: stepsOf(stage) };
    let number = 1;
    const context: Omit<StageContext, 'source'> = {
      ports: this.#ports,
      settings: this.#settings,
      escape: this.#file.directives.escape,
      fresh: noCache === 'all' || (stage.name !== undefined && noCache.includes(stage.name)),
      globals: this.#globals,
      anticipate: () => {
        if (!runs()) return;
        const begun = this.#ports.runner().then((runner) => runner.begin());
        begun.catch(() => undefined); // the step that asks for the runner tells why there is none
      },
      step: (text, work) => this.#ports.steps.run({ ...label, number: Math.min(++number, label.total), text }, work),
    };
    return (range) => ({
      ...context,
      source: async (from) =>
        from === undefined ? { chain: undefined, ...this.#ports.context } : this.#source(from, stage, range),
    });
  }

  async #source(from: string, stage: Stage, range: Range): Promise<Filesystem> {
    const meaning = await this.#names.source(from, stage, range);
    if (meaning.kind === 'named') return { chain: undefined, tree: meaning.context.tree };
    return meaning.kind === 'stage' ? this.stage(meaning.stage) : meaning.state;
  }
}

function textOf(finding: LintFinding): string {
  return JSON.stringify(finding);
}

/** Begun once. */
function remembered(known: Map<number, Promise<State>>, { index }: Stage, begin: () => Promise<State>): Promise<State> {
  const found = known.get(index) ?? begin();
  found.catch(() => undefined); // whoever asked for it awaits it
  known.set(index, found);
  return found;
}
