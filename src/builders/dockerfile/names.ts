/** What FROM and `--from` name: a named context first, then an earlier stage, then an image. @module */
import { ImageError } from '../../base/errors.ts';
import { expandWord } from '../../formats/dockerfile/expand.ts';
import { otherPlatform } from '../../formats/dockerfile/lint/from.ts';
import { findStage } from '../../formats/dockerfile/parse.ts';
import { didYouMean } from '../../formats/dockerfile/suggest.ts';
import type { Dockerfile, Range, Stage } from '../../formats/dockerfile/types.ts';
import type { Platform } from '../../formats/oci/types.ts';
import { formatPlatform, normalPlatform, parsePlatform } from '../../model/platform.ts';
import type { BuildSettings } from './context.ts';
import { inFile } from './failure.ts';
import { stageMeant } from './graph.ts';
import type { BuildPorts, NamedContext } from './ports.ts';
import { type State, scratchState } from './state.ts';
import { labelOf, stepsOf } from './steps.ts';

/** What a stage stands on. */
export type Ground =
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'image'; readonly state: State }
  /** A named context has taken the stage's place. */
  | { readonly kind: 'replaced'; readonly state: State };

/** What files are taken from. */
export type Meaning =
  | { readonly kind: 'named'; readonly context: NamedContext }
  | { readonly kind: 'stage'; readonly stage: Stage }
  | { readonly kind: 'image'; readonly state: State };

export class Names {
  readonly #file: Dockerfile;
  readonly #platform: Platform;
  readonly #settings: BuildSettings;
  readonly #ports: BuildPorts;
  readonly #globals: ReadonlyMap<string, string>;
  readonly #grounds = new Map<number, Promise<Ground>>();

  /** @param globals global arguments with their values */
  constructor(
    file: Dockerfile,
    platform: Platform,
    settings: BuildSettings,
    ports: BuildPorts,
    globals: ReadonlyMap<string, string>,
  ) {
    this.#file = file;
    this.#platform = platform;
    this.#settings = settings;
    this.#ports = ports;
    this.#globals = globals;
  }

  /** Looked up once. @throws ImageError, located */
  ground(stage: Stage): Promise<Ground> {
    const known = this.#grounds.get(stage.index);
    if (known !== undefined) return known;
    const ground = this.#lookUp(stage).catch((error: unknown) => {
      throw inFile(error, this.#file, stage.range);
    });
    ground.catch(() => undefined); // whoever asked for it awaits it
    this.#grounds.set(stage.index, ground);
    return ground;
  }

  /** Resolves when nothing is being looked up any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#grounds.values());
  }

  /** What `--from` means in an instruction of the stage. @throws ImageError */
  async source(from: string, stage: Stage, range: Range): Promise<Meaning> {
    const context = await this.#ports.named(from, this.#platform);
    context?.assertThere?.();
    if (context !== undefined) return { kind: 'named', context };
    const earlier = stageMeant(this.#file.stages, from, stage.index);
    if (earlier !== undefined) return { kind: 'stage', stage: earlier };
    // As in BuildKit: for the platform of the result, whatever the stage is for.
    const state = await this.#image(from, this.#platform, stage);
    this.#compare(from, state.platform, this.#platform, range);
    return { kind: 'image', state };
  }

  async #lookUp(stage: Stage): Promise<Ground> {
    const replaced = stage.name === undefined ? undefined : await this.#ports.named(stage.name, this.#platform);
    if (replaced !== undefined) return { kind: 'replaced', state: await replaced.base() };
    const { name, platform } = this.#baseOf(stage);
    const named = await this.#ports.named(name, platform);
    const earlier = /^\d+$/.test(name) ? undefined : findStage(this.#file.stages, name, stage.index);
    if (named === undefined && earlier !== undefined) return { kind: 'stage', stage: earlier };
    if (named === undefined && name === 'scratch') return { kind: 'image', state: scratchState(platform) };
    const load = () => (named === undefined ? this.#image(name, platform, stage) : named.base());
    const step = {
      platform,
      stage: labelOf(stage, this.#file),
      number: 1,
      total: stepsOf(stage),
      text: `FROM ${name}`,
    };
    const { state } = await this.#ports.steps.run(step, async () => ({ cached: false, state: await load() }));
    this.#compare(name, state.platform, platform, stage.base.range);
    return { kind: 'image', state };
  }

  #baseOf(stage: Stage): { readonly name: string; readonly platform: Platform } {
    const { directives } = this.#file;
    const expand = (text: string) => expandWord(text, (name) => this.#globals.get(name), directives);
    const name = expand(stage.base.text);
    if (name === '') {
      throw new ImageError('INVALID', `FROM ${stage.base.text} names nothing: its variables are empty`, {
        hint: 'declare them with ARG before the first FROM, with a default, or give them with --build-arg',
      });
    }
    const wanted = stage.platform === undefined ? '' : expand(stage.platform.text);
    return { name, platform: wanted === '' ? this.#platform : parsePlatform(wanted, this.#settings.buildPlatform) };
  }

  /** A name that leads to no image may be meant as a stage's. */
  async #image(name: string, platform: Platform, stage: Stage): Promise<State> {
    try {
      return await this.#ports.image(name, platform);
    } catch (error) {
      const meant = this.#meant(name, stage);
      if (!(error instanceof ImageError) || meant === undefined) throw error;
      const hint = error.hint === undefined ? meant : `${meant} Of the image: ${error.hint}`;
      throw new ImageError(error.code, error.message, { cause: error.cause ?? error, hint });
    }
  }

  #meant(name: string, { index }: Stage): string | undefined {
    const { stages } = this.#file;
    const later = findStage(stages.slice(index), name);
    if (later?.name === name.toLowerCase()) {
      return `the stage ${name} ${later.index === index ? 'is this one itself' : 'comes only further down'}.`;
    }
    const contexts = [...(this.#settings.contexts?.keys() ?? [])].map((one) => one.replace(/::.*$/, ''));
    return didYouMean(name, [...stages.slice(0, index).flatMap((one) => one.name ?? []), ...contexts]);
  }

  #compare(name: string, found: Platform, wanted: Platform, range: Range): void {
    if (sameMachine(found, wanted)) return;
    const told = { found: formatPlatform(found), wanted: formatPlatform(wanted) };
    this.#ports.check('InvalidBaseImagePlatform', range, otherPlatform(name, told));
  }
}

/** As BuildKit compares what a base is for: many configs leave the variant out. */
function sameMachine(a: Platform, b: Platform): boolean {
  const [one, other] = [normalPlatform(a), normalPlatform(b)];
  return one.os === other.os && one.architecture === other.architecture;
}
